"""How long `shipsmith new` takes, as a whole process, beside a bare Jinja loop over the same files.

Run it with `python benchmarks/new.py`. It prints medians over RUNS runs after one to warm up; the two
commands take turns, so that the ratio holds where the machine's speed drifts.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 9
SHIPSMITH = [sys.executable, "-m", "shipsmith"]
NEW = [*SHIPSMITH, "new", "{destination}/orders", "--preset", "full", "--defaults"]
HELP = [*SHIPSMITH, "--help"]
# with byte code, as every run after an installation's first one has it
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

BARE_LOOP = """
import sys
from pathlib import Path
from jinja2 import Environment
source, destination = map(Path, sys.argv[1:])
environment = Environment()
for path in source.rglob("*"):
    if path.is_file() and ".git" not in path.parts:
        target = destination / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text().replace("{{", "{ {").replace("{%", "{ %").replace("{#", "{ #")
        target.write_text(environment.from_string(text).render(service_name="orders"))
"""


def measure(command: list[str]) -> tuple[float, float]:
    """Seconds and MiB of one whole process, with the processes that it started."""
    with tempfile.TemporaryDirectory() as destination:
        arguments = [each.replace("{destination}", destination) for each in command]
        program = (
            "import resource, subprocess, sys\n"
            "status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)\n"
            "sys.exit(status)"
        )
        started = time.perf_counter()
        result = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env=ENVIRONMENT,
            check=True,
            capture_output=True,
            text=True,
        )
        return time.perf_counter() - started, float(result.stdout)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "orders"
        subprocess.run(
            [each.replace("{destination}", folder) for each in NEW], check=True, stdout=subprocess.DEVNULL
        )
        files = sum(path.is_file() and ".git" not in path.parts for path in project.rglob("*"))
        bare = [sys.executable, "-c", BARE_LOOP, str(project), "{destination}"]
        commands = {"new --preset full": NEW, "bare Jinja loop": bare, "--help": HELP}
        figures: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for run in range(RUNS + 1):
            for name, command in commands.items():
                measured = measure(command)
                if run:
                    figures[name].append(measured)
    print(f"{files} files, median of {RUNS} runs")
    for name, runs in figures.items():
        seconds = statistics.median(seconds for seconds, _ in runs)
        memory = statistics.median(memory for _, memory in runs)
        print(f"{name:<20}{seconds:6.2f} s {memory:6.0f} MiB")
    pairs = zip(figures["new --preset full"], figures["bare Jinja loop"], strict=True)
    print(f"ratio to the loop   {statistics.median(new[0] / loop[0] for new, loop in pairs):6.1f}")


if __name__ == "__main__":
    main()
