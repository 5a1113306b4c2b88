"""The places in shared files that options fill, as a page: `python -m tools.places > docs/places.md`."""

from collections.abc import Iterator

from shipsmith.template import location
from shipsmith.template.rules import Layout, assigned


def page(layout: Layout) -> Iterator[str]:
    """The lines of docs/places.md."""
    yield "# Places"
    yield ""
    yield "Places in shared files, which options fill by their `_option/parts.jinja`, as"
    yield "[How to add an option](adding-an-option.md) explains."
    yield ""
    yield "Made by `python -m tools.places > docs/places.md`; a test fails where it is out of date."
    yield ""
    yield "| Place | File | What goes there | Filled by |"
    yield "|---|---|---|---|"
    fillers = {page: (_filler(str(page.relative_to(layout.root))), assigned(page)) for page in layout.pages}
    for place, (file, meaning) in layout.places.items():
        names = ", ".join(name for name, filled in fillers.values() if place in filled)
        yield f"| `{place}` | `{file}` | {meaning} | {names} |"


def _filler(path: str) -> str:
    """What a page is of: its folder's flag, without the braces."""
    return path.split("/")[-3].strip("{} ").removeprefix("with_").removeprefix("in_")


def main() -> None:
    print("\n".join(page(Layout(location.root()))))


if __name__ == "__main__":
    main()
