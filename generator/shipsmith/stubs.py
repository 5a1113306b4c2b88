"""gRPC stubs, generated from what was rendered."""

import errno
import os
from importlib.resources import files
from pathlib import Path
from shutil import disk_usage

SPACE_FOR_STUBS = 1 << 20  # bytes


def write(project: Path) -> None:
    """Generate the stubs of every file below `project`/proto into `project`/src."""
    sources = sorted(path.relative_to(project / "proto") for path in (project / "proto").rglob("*.proto"))
    if not sources:
        return
    # the compiler alone: the package around it would load the whole gRPC runtime
    from grpc_tools import _protoc_compiler  # type: ignore[import-untyped]  # an extension module

    output = project / "src"
    arguments = [
        "protoc",
        f"--proto_path={project / 'proto'}",
        f"--proto_path={files('grpc_tools') / '_proto'}",
        f"--python_out={output}",
        f"--pyi_out={output}",
        f"--grpc_python_out={output}",
        *map(str, sources),
    ]
    if status := _protoc_compiler.run_main([os.fsencode(argument) for argument in arguments]):
        raise _reason(project, status)


def _reason(project: Path, status: int) -> Exception:
    """The compiler has one status for all failures, a full disk included."""
    if disk_usage(project).free < SPACE_FOR_STUBS:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(project))
    return RuntimeError(f"protoc ended with status {status}")
