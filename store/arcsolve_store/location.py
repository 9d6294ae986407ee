"""Where a store is: a path or a database URL, checked before any database code touches it."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from arcsolve.errors import ArcsolveError

DEFAULT_PATH = "arcsolve.db"
ENVIRONMENT_VARIABLE = "ARCSOLVE_STORE"

_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_NETWORK_FILE_SYSTEMS = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs", "glusterfs", "gpfs"}
    | {"lustre", "ncpfs", "nfs", "nfs4", "orangefs", "smb2", "smb3", "smbfs"}
)


class StoreError(ArcsolveError):
    """The store can't be used as asked."""


class NetworkFileSystemWarning(UserWarning):
    """The store's file is on a network file system, where SQLite's locks can't be trusted."""


@dataclass(frozen=True)
class Location:
    """A store's place: `path` for an SQLite file, `url` for any other database."""

    path: Path | None
    url: str | None = None

    def __str__(self) -> str:
        if self.path is not None:
            return str(self.path)
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            return make_url(str(self.url)).render_as_string(hide_password=True)
        except (ArgumentError, ValueError):
            return f"{str(self.url).partition('://')[0]}://…"


def locate(url_or_path: str | os.PathLike[str] | None = None) -> Location:
    """Read a path or URL; None takes ``ARCSOLVE_STORE``, else ``./arcsolve.db``.

    Raises:
        StoreError: an SQLite database in memory, which a second connection could not see.
    """
    given = url_or_path if url_or_path is not None else os.environ.get(ENVIRONMENT_VARIABLE) or DEFAULT_PATH
    text = os.fspath(given)
    scheme, found, rest = text.partition("://")
    if not found:
        if text == ":memory:":
            _refuse_memory(text)
        return Location(Path(text).expanduser())
    if scheme != "sqlite" and not scheme.startswith("sqlite+"):
        return Location(None, text)
    path = rest.partition("?")[0].removeprefix("/")
    if path in ("", ":memory:"):
        _refuse_memory(text)
    return Location(Path(path).expanduser())


def _refuse_memory(text: str) -> NoReturn:
    raise StoreError(
        f"Store {text!r} names a database in memory, which readers could not see. Give a file: sqlite:///arcsolve.db."
    )


def check_file(path: Path, *, for_writing: bool) -> bool:
    """Look at an SQLite file before opening it.

    Returns:
        Whether the store exists; False (only when `for_writing`) means that it has to be created.

    Raises:
        StoreError: no such folder or file, a folder in its place, no permission, not an SQLite database, truncated.
    """
    try:
        return _check_file(path, for_writing=for_writing)
    except OSError as error:
        raise StoreError(
            f"Store {path} can't be opened: {error.strerror or error}. Name another file with --store."
        ) from error


def _check_file(path: Path, *, for_writing: bool) -> bool:
    if path.is_dir():
        raise StoreError(f"Store {path} is a folder. Name a file in it, e.g. {path / DEFAULT_PATH}.")
    if not path.parent.is_dir():
        raise StoreError(f"Store {path}: the folder {path.parent} does not exist. Run: mkdir -p '{path.parent}'.")
    if not path.exists():
        if not for_writing:
            raise StoreError(
                f"No store at {path}. Make one with 'arcsolve run', "
                f"or name yours with --store or {ENVIRONMENT_VARIABLE}."
            )
        if not os.access(path.parent, os.W_OK):
            raise StoreError(f"Store {path} can't be created: the folder {path.parent} is not writable.")
        return False
    if not path.is_file():
        raise StoreError(f"Store {path} is not a regular file. Name an SQLite file.")
    if not os.access(path, os.R_OK):
        raise StoreError(f"Store {path} can't be read: permission denied. Ask its owner for read access.")
    if for_writing and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise StoreError(
            f"Store {path} can't be written: the file or its folder is read-only. "
            f"Make both writable, or record to another file with --store."
        )
    return _check_header(path)


def _check_header(path: Path) -> bool:
    size = path.stat().st_size
    if size == 0:
        return False
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError as error:
        raise StoreError(f"Store {path} can't be read: {error.strerror}.") from error
    if not header.startswith(_MAGIC[: len(header)]):
        raise StoreError(f"{path} is not an SQLite database. Name another file with --store, or move this one away.")
    page_bytes = int.from_bytes(header[16:18], "big")
    page_bytes = 65536 if page_bytes == 1 else page_bytes
    pages = int.from_bytes(header[28:32], "big")
    wal = path.with_name(path.name + "-wal")
    has_wal = wal.exists() and wal.stat().st_size > 0
    is_count_valid = header[24:28] == header[92:96]
    if len(header) < _HEADER_BYTES or (is_count_valid and not has_wal and size < page_bytes * pages):
        raise StoreError(
            f"Store {path} is truncated: it has {size} bytes, its header promises {page_bytes * pages}. "
            f"Restore it from a copy, or rescue what is left with: sqlite3 '{path}' .recover"
        )
    return True


def network_file_system(path: Path) -> str | None:
    """The type of network file system `path` lies on, or None (also where the system does not tell)."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    target = str(path.resolve())
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        mount = fields[1].replace("\\040", " ")
        if (target == mount or target.startswith(mount.rstrip("/") + "/")) and len(mount) >= len(best):
            best, kind = mount, fields[2]
    return kind if kind in _NETWORK_FILE_SYSTEMS else None


def host_name() -> str:
    """This machine's name, with the process namespace where there is one: pids mean something only inside it."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        return socket.gethostname()
    return f"{socket.gethostname()} {namespace}"
