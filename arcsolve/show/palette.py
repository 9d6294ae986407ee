"""The colours of ARC's grids, fixed: a terminal's theme must not decide what a task looks like."""

PALETTE: tuple[tuple[int, int, int], ...] = (
    (0x00, 0x00, 0x00),  # 0 black
    (0x00, 0x74, 0xD9),  # 1 blue
    (0xFF, 0x41, 0x36),  # 2 red
    (0x2E, 0xCC, 0x40),  # 3 green
    (0xFF, 0xDC, 0x00),  # 4 yellow
    (0xAA, 0xAA, 0xAA),  # 5 grey
    (0xF0, 0x12, 0xBE),  # 6 magenta
    (0xFF, 0x85, 0x1B),  # 7 orange
    (0x7F, 0xDB, 0xFF),  # 8 light blue
    (0x87, 0x0C, 0x25),  # 9 maroon
)
"""Red, green, blue of each colour 0-9, as the testing interface of ARC shows them."""


def contrast(colour: int) -> tuple[int, int, int]:
    """Black or white, whichever is easier to see on a colour."""
    red, green, blue = PALETTE[colour]
    is_bright = 0.299 * red + 0.587 * green + 0.114 * blue > 110
    return (0, 0, 0) if is_bright else (255, 255, 255)
