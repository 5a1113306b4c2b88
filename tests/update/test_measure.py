"""The measure of losses, on trees made by hand."""

from collections import Counter

from ..support.updates.measure import Losses, Moves, Tree, losses

PRISTINE = {"app.py": b"import os\n\nrun()\n", "logo.png": b"\0template's", "old.py": b"first\nsecond\n"}


NO_MOVES = Moves()


def lost(edited: Tree, after: Tree, moves: Moves = NO_MOVES, conflicts: tuple[str, ...] = ()) -> Losses:
    return losses(PRISTINE, edited, after, moves, conflicts)


def test_nothing_is_lost_of_a_project_that_nobody_edited() -> None:
    assert lost(PRISTINE, {"app.py": b"rewritten()\n"}).count == 0


def test_a_line_that_no_file_has_any_more_is_lost() -> None:
    edited = PRISTINE | {"app.py": b"import os\n\nmine()\nrun()\n"}
    assert lost(edited, PRISTINE).lines == Counter({b"mine()": 1})


def test_a_line_in_a_conflict_or_in_another_file_is_kept() -> None:
    edited = PRISTINE | {"app.py": b"mine()\nalso()\nrun()\n"}
    after = PRISTINE | {
        "app.py": b"<<<<<<< yours\nmine()\n=======\n>>>>>>> theirs\n",
        "moved.py": b"also()\n",
    }
    assert lost(edited, after).count == 0


def test_of_a_line_written_twice_one_can_be_lost() -> None:
    edited = PRISTINE | {"app.py": b"mine()\nmine()\n"}
    assert lost(edited, PRISTINE | {"app.py": b"mine()\n"}).lines == Counter({b"mine()": 1})


def test_blank_lines_and_lines_of_derived_files_do_not_count() -> None:
    edited = PRISTINE | {"app.py": b"import os\n\n  \n\nrun()\n", "requirements.lock": b"mine==1\n"}
    assert lost(edited, PRISTINE | {"requirements.lock": b""}).count == 0


def test_a_new_file_counts_whole() -> None:
    edited = PRISTINE | {"new.py": b"one\ntwo\n"}
    result = lost(edited, PRISTINE)
    assert result.lines == Counter([b"one", b"two"])
    assert result.files == ["new.py"]


def test_an_empty_new_file_can_be_lost_and_can_move_with_its_folder() -> None:
    edited = PRISTINE | {"unit/marker": b""}
    assert lost(edited, PRISTINE).files == ["unit/marker"]
    assert lost(edited, PRISTINE | {"fast/marker": b""}).files == []


def test_of_a_renamed_file_the_changed_lines_count() -> None:
    edited = {"app.py": PRISTINE["app.py"], "logo.png": b"\0template's", "new.py": b"first\nmine\n"}
    moves = Moves(by_user={"old.py": "new.py"})
    assert lost(edited, PRISTINE, moves).lines == Counter({b"mine": 1})


def test_a_binary_is_one_unit_wherever_it_is() -> None:
    edited = PRISTINE | {"logo.png": b"\0mine"}
    assert lost(edited, PRISTINE).binaries == ["logo.png"]
    assert lost(edited, PRISTINE | {"brand.png": b"\0mine"}).count == 0


def test_a_deleted_file_that_is_there_again_came_back_unless_it_is_in_conflict() -> None:
    edited = {path: content for path, content in PRISTINE.items() if path != "old.py"}
    assert lost(edited, PRISTINE).came_back == ["old.py"]
    assert lost(edited, PRISTINE, conflicts=("old.py",)).came_back == []
    assert lost(edited, edited).came_back == []


def test_a_deleted_file_can_come_back_by_the_name_that_the_template_gave_it() -> None:
    edited = {path: content for path, content in PRISTINE.items() if path != "old.py"}
    moves = Moves(by_template={"old.py": "fresh.py"})
    assert lost(edited, edited | {"fresh.py": b"first\n"}, moves).came_back == ["fresh.py"]
