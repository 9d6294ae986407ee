"""What the record says about a portfolio of solvers: who adds what, who is trusted rightly, what stays unsolved."""
