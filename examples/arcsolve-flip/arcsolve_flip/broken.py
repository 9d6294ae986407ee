"""A plugin that can't be loaded, on purpose: `arcsolve plugins` names it with this cause, and all else works."""

raise RuntimeError("broken on purpose")
