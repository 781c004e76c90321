"""twbot.lock, made by pip from a folder of wheels: no index is asked."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from twbot.cli.main import run
from twbot.lambdas.errors import TwbotError
from twbot.stacks.bundling import lock as lock_file
from twbot.stacks.bundling import locking
from twbot.stacks.bundling.lock import LOCK, lock_problems, needed, not_installed, our_pins, requirements
from twbot.stacks.bundling.locking import lock

LAMBDA = "cp313-cp313-manylinux_2_17_aarch64"
Publish = Callable[..., str]


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Makes a wheel that pip finds, and returns its SHA-256."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setattr(locking, "_ELSEWHERE", ())

    def make(name: str, version: str = "1.0", requires: Sequence[str] = (), tag: str = "py3-none-any") -> str:
        path = wheels / f"{name}-{version}-{tag}.whl"
        info = f"{name}-{version}.dist-info"
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {each}" for each in requires] + ["Provides-Extra: more"]
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{name}.py", f"version = {version!r}\n")
            wheel.writestr(f"{info}/METADATA", "\n".join(lines) + "\n")
            wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
            wheel.writestr(f"{info}/RECORD", "")
        return hashlib.sha256(path.read_bytes()).hexdigest()

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """A bot's folder with these lines in requirements.txt."""

    def make(*lines: str) -> Path:
        folder = tmp_path / "bot"
        folder.mkdir(exist_ok=True)
        (folder / "twbot.toml").touch()
        (folder / "requirements.txt").write_text("\n".join(lines) + "\n")
        return folder

    return make


def test_everything_that_is_needed_is_locked_by_hash(publish: Publish, folder: Callable[..., Path]) -> None:
    """With what the packages need in turn, of each the newest that fits; no address of an index."""
    hashes = {"outer": publish("outer", requires=["inner-part>=1"]), "inner-part": publish("inner_part", "2.0")}
    publish("inner_part", "1.0")
    made = folder("# ours", "outer  # for orders", "")
    assert [(each.name, each.version) for each in lock(made)] == [("inner-part", "2.0"), ("outer", "1.0")]
    text = (made / LOCK).read_text()
    assert set(re.findall(r"sha256:(\w+)", text)) == set(hashes.values())
    assert not re.search(r"https?:|file:|/", text.replace("requirements.txt", ""))
    assert lock_problems(made) == []
    assert [each.pin.splitlines()[0] for each in needed(made, None)] == ["inner-part==2.0 \\", "outer==1.0 \\"]


def test_markers_are_read_for_lambda_whatever_python_locks(publish: Publish, folder: Callable[..., Path]) -> None:
    """What only Lambda needs is bundled and not installed here; what only this machine needs the other way round."""
    there, here = "platform_machine == 'aarch64'", "platform_machine != 'aarch64'"
    for name in ("there", "here", "extra_there", "of_root"):
        publish(name)
    publish("outer", requires=[f"there ; {there}", f"here ; {here}", f"extra-there ; extra == 'more' and {there}"])
    made = folder("outer[more]", f"of-root ; {there}")
    lock(made)
    assert [each.name for each in needed(made, None)] == ["extra-there", "of-root", "outer", "there"]
    assert [each.name for each in needed(made, ["of_root"])] == ["of-root"]
    assert not_installed(made) == ["here 1.0", "outer 1.0"]


def test_a_package_has_the_hashes_of_lambda_and_of_this_machine(publish: Publish, folder: Callable[..., Path]) -> None:
    """Of one version: the one that Lambda has a wheel for."""
    both = {publish("compiled", "1.0"), publish("compiled", "1.0", tag=LAMBDA)}
    publish("compiled", "2.0", tag="cp39-cp39-win_amd64")
    (found,) = lock(folder("compiled"))
    assert (found.version, set(found.hashes)) == ("1.0", both)


def test_a_package_without_a_wheel_for_lambda_is_refused(publish: Publish, folder: Callable[..., Path]) -> None:
    publish("compiled", tag="cp39-cp39-win_amd64")
    with pytest.raises(TwbotError, match=r"on Lambda \(Python 3.13, arm64\).*compiled") as refused:
        lock(folder("compiled"))
    assert "wheel" in str(refused.value.hint)


def test_a_conflict_with_what_the_bundles_have_is_said(publish: Publish, folder: Callable[..., Path]) -> None:
    """Functions share the versions that twbot's own code runs with."""
    ours = dict(pin.split("==") for pin in our_pins())
    publish("msgspec", "0.1")
    with pytest.raises(TwbotError, match="msgspec") as refused:
        lock(folder("msgspec<0.2"))
    assert f"msgspec=={ours['msgspec']}" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("line", "says"),
    [("-r other.txt", "requirements.txt:2"), ("--index-url x", ":2"), ("two words", ":2"), ("a==", ":2")],
)
def test_a_line_that_is_no_requirement_is_named(folder: Callable[..., Path], line: str, says: str) -> None:
    with pytest.raises(TwbotError, match=re.escape(says)):
        requirements(folder("outer", line))


def test_a_lock_is_for_one_requirements_file_and_one_twbot(
    publish: Publish, folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment or another order changes nothing; another requirement, or other packages of twbot, do."""
    publish("outer")
    publish("other")
    assert lock_problems(folder()) == []
    made = folder("outer", "other")
    assert "not locked" in lock_problems(made)[0].says
    lock(made)
    assert lock_problems(folder("# two", "other", "outer # one")) == []
    assert "older" in lock_problems(folder("outer"))[0].says
    folder("outer", "other")
    monkeypatch.setattr(lock_file, "our_pins", lambda: ["msgspec==99"])
    assert "another version of twbot" in lock_problems(made)[0].says
    with pytest.raises(TwbotError, match="another version of twbot"):
        needed(made, None)


def test_the_command_says_how_to_install(
    publish: Publish, folder: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """With the command for this Python; without requirements there is nothing to do."""
    publish("outer")
    made = folder("outer")
    assert run(["lock", "--project", str(made)]) == 0
    assert capsys.readouterr().out.strip().endswith(f"-m pip install --require-hashes -r {made / LOCK}")
    (made / "requirements.txt").unlink()
    assert run(["lock", "--project", str(made)]) != 0
