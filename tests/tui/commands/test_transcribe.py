"""The commands that transcribe: real files and real MAX."""

import functools
import json
import shutil
import subprocess
import wave
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from editing import replace
from in_process import maxwhisper
from shell import ROOT, run_python
from shell import maxwhisper as in_a_shell
from whisper.model import ModelDimensions

from core.model.audio import BUNDLED_CLIP, load_audio
from core.model.random_weights import random_state

pytestmark = pytest.mark.max
CLIPS = sorted(
    file.name for file in BUNDLED_CLIP.parent.iterdir() if file.suffix in (".flac", ".wav")
)
SPOKEN = json.loads(BUNDLED_CLIP.with_name("transcripts.json").read_text())
GREEDY = ("--temperature", "0")
no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


def in_json(*arguments: str) -> dict[str, Any]:
    """What a command prints with --json: one object and nothing else."""
    done = maxwhisper(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, parse_constant=pytest.fail)


def events(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture(scope="module")
def multilingual(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A checkpoint file as openai publishes them, in float16; its encoder is as large as
    that of ``micro``, so that the same compiled graph serves. What it says is nonsense
    without an end, so its decoder has room for a few words only."""
    dims = ModelDimensions(80, 1500, 128, 2, 4, 51865, 64, 128, 2, 2)
    state = {name: tensor.half() for name, tensor in random_state(dims, seed=7).items()}
    path = tmp_path_factory.mktemp("model") / "multilingual.pt"
    torch.save({"dims": asdict(dims), "model_state_dict": state}, path)
    return str(path)


def assert_same_tokens(comparison: dict[str, Any]) -> None:
    rows = {row["backend"]: row for row in comparison["backends"]}
    tokens = {
        name: [segment["tokens"] for segment in rows[name]["segments"]]
        for name in ("cpu", "max")
    }
    assert tokens["cpu"] == tokens["max"]
    assert comparison["same"]
    assert 0 < rows["max"]["features"]["rel_l2"] < 1e-5


@functools.cache
def compared(clip: str) -> dict[str, Any]:
    return in_json("compare", str(BUNDLED_CLIP.with_name(clip)), *GREEDY)


@pytest.fixture(params=CLIPS)
def comparison(request: pytest.FixtureRequest) -> dict[str, Any]:
    return compared(request.param)


def test_cpu_and_max_say_the_same_token_for_token(comparison):
    assert_same_tokens(comparison)


def test_the_words_of_a_clip_are_those_that_were_spoken(comparison):
    for row in comparison["backends"]:
        if row["audio"] in SPOKEN:  # a sweep says nothing that is right or wrong
            assert row["text"] == SPOKEN[row["audio"]]


def test_features_are_compared_over_all_windows():
    rows = compared("story.flac")["backends"]
    assert {row["features"]["windows"] for row in rows} == {2}


def test_they_say_the_same_with_a_checkpoint_file_and_a_language(multilingual: str):
    arguments = ("--model", multilingual, "--language", "german", *GREEDY)
    comparison = in_json("compare", *arguments)
    assert_same_tokens(comparison)
    assert {row["language"] for row in comparison["backends"]} == {"de"}
    assert comparison["backends"][0]["model"] == "multilingual"


def test_max_computes_with_the_graph_that_it_is_given(encoder: Path):
    replace(encoder, "d_head**-0.25", "d_head**-0.5")
    done = maxwhisper("compare", "--graph", str(encoder), *GREEDY)
    assert done.returncode == 1
    assert "max differs in" in done.stdout
    assert "[" in done.stdout


def test_a_second_process_transcribes_without_compiling(tmp_path: Path):
    maxwhisper("transcribe", "--backend", "max", *GREEDY)
    log = tmp_path / "log"
    done = in_a_shell("transcribe", "--backend", "max", *GREEDY, "--log", str(log))
    assert done.returncode == 0
    (ready,) = [event["data"] for event in events(log) if event["event"] == "ready"]
    assert ready["compiled_now"] is False
    assert Path(ready["artifact"]).is_file()
    assert not any("compiling" in event["data"].get("what", "") for event in events(log))


def test_a_damaged_artifact_is_compiled_anew(tmp_path: Path, monkeypatch):
    # MAX's own cache stays where it is, so that this takes seconds and not minutes.
    here = in_json("doctor")
    (kept,) = [f["detail"] for f in here["findings"] if f["name"] == "MAX's cache"]
    monkeypatch.setenv("MODULAR_MAX_CACHE_DIR", kept.partition(" in ")[2])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = in_json("transcribe", "--backend", "max", *GREEDY)
    (artifact,) = (tmp_path / "maxwhisper" / "encoders").glob("*.mef")
    whole = artifact.read_bytes()
    artifact.write_bytes(whole[:1000] + bytes(1000) + whole[2000:])
    second = in_json("transcribe", "--backend", "max", *GREEDY)
    assert first["text"] == second["text"]
    assert first["seconds"]["compile"] > 0
    assert second["seconds"]["compile"] > 0
    assert len(list(artifact.parent.iterdir())) == 2


def test_audio_may_come_from_a_pipe():
    with BUNDLED_CLIP.open("rb") as pipe:
        command = ("-m", "tui.commands", "transcribe", "-", "--json", *GREEDY)
        heard = json.loads(run_python(*command, stdin=pipe).stdout)
    assert heard["audio"] == "stdin"
    assert heard["audio_seconds"] == pytest.approx(
        len(load_audio(BUNDLED_CLIP).samples) / 16_000
    )


def test_words_have_times(multilingual: str):
    arguments = ("--model", multilingual, "--language", "en", "--word-timestamps", *GREEDY)
    heard = in_json("transcribe", *arguments)
    spoken = [word for segment in heard["segments"] for word in segment["words"]]
    assert all(word["start"] <= word["end"] for word in spoken)
    lines = maxwhisper("transcribe", *arguments).stdout.splitlines()
    assert len(lines) == len(spoken) > 0


@no_gpu
def test_the_demo_has_a_row_for_every_backend():
    done = maxwhisper("demo", *GREEDY)
    assert done.returncode == 0
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert "baseline" in done.stdout
    assert "gpu  can't run: PyTorch finds no CUDA GPU" in done.stdout
    assert set(rows) >= {"backend", "cpu", "gpu", "max"}


@no_gpu
def test_the_demo_in_json_compares_with_the_cpu():
    cpu, gpu, fast = in_json("demo", *GREEDY)["backends"]
    assert cpu["speed_up"] == 1.0
    assert "unavailable" in gpu
    assert fast["word_differences"] == 0
    assert fast["real_time_factor"] == fast["seconds"]["total"] / fast["audio_seconds"]


def test_a_benchmark_is_saved_and_listed(tmp_path: Path):
    file = tmp_path / "here.json"
    backends = "--backend", "cpu", "--backend", "max"
    arguments = str(BUNDLED_CLIP.with_name("command.flac")), *backends, "--runs", "2"
    printed = in_json("bench", *arguments, *GREEDY, "--save", str(file))
    assert printed == json.loads(file.read_text())
    assert [row["backend"] for row in printed["backends"]] == ["cpu", "max"]
    for row in printed["backends"]:
        seconds = row["seconds"]
        assert seconds["total"]["min"] <= seconds["total"]["median"]
        assert seconds["encode"]["median"] < seconds["total"]["median"]
    assert printed["backends"][1]["seconds"]["compile"] > 0
    assert {"python", "max", "torch"} <= set(printed["machine"]["versions"])
    assert maxwhisper("bench", "--history", str(tmp_path)).returncode == 0
    assert "here.json" in (tmp_path / "RESULTS.md").read_text()


def test_every_command_logs_its_start_its_stages_and_its_end(tmp_path: Path):
    check = ["check", "--seconds", "6"]
    for name, *options in (check, ["transcribe", *GREEDY], ["doctor"]):
        log = tmp_path / name
        assert maxwhisper(name, *options, "--log", str(log)).returncode == 0
        kinds = [event["event"] for event in events(log)]
        assert (kinds[0], kinds[-1]) == ("start", "end")
        assert "stage" in kinds
        assert events(log)[-1]["data"]["status"] == 0


def test_a_problem_is_logged_before_the_end(tmp_path: Path):
    log = tmp_path / "log"
    maxwhisper("transcribe", "missing.wav", "--log", str(log))
    *_, problem, end = events(log)
    assert (problem["event"], problem["data"]["kind"]) == ("problem", "audio")
    assert end["data"]["status"] == 2


@pytest.fixture
def bad_files(tmp_path: Path) -> dict[str, str]:
    empty = tmp_path / "empty.wav"
    with wave.open(str(empty), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
    text = shutil.copy(ROOT / "LICENSE", tmp_path / "text.wav")
    return {"EMPTY": str(empty), "TEXT": str(text), "FOLDER": str(tmp_path)}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("transcribe missing.wav", "there is no file missing.wav"),
        ("transcribe FOLDER", "is a folder"),
        ("transcribe EMPTY", "holds no sound"),
        ("transcribe TEXT", "can't decode text.wav"),
        ("transcribe --backend tpu", "invalid choice"),
        ("transcribe --model huge", "unknown model 'huge'"),
        ("transcribe --language xx", "unknown language 'xx'"),
        ("transcribe --language de", "knows English only"),
        ("transcribe --temperature hot", "not a temperature from 0 to 1"),
        ("transcribe --dtype float16", "use --dtype float32"),
        ("transcribe --backend max --graph LICENSE", "syntax error"),
        ("transcribe --backend max --device cpu --dtype int8", "unknown dtype"),
        ("transcribe --log missing/log", "a folder that exists"),
        ("compare --backend cpu", "it takes two backends"),
        ("demo EMPTY", "holds no sound"),
        ("bench --runs 0", "not a number of runs"),
        ("bench --save missing/figures.json", "a folder that exists"),
        ("bench --save FOLDER", "is a folder"),
        ("bench --history missing", "no saved benchmark"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(arguments, says, bad_files):
    given = [bad_files.get(word, word) for word in arguments.split()]
    done = maxwhisper(*given)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = [text for text in done.stderr.splitlines() if text.startswith("maxwhisper:")]
    assert says in line


@no_gpu
def test_the_gpu_backend_without_a_gpu_is_exit_status_2_and_one_line():
    done = maxwhisper("transcribe", "--backend", "gpu")
    assert done.returncode == 2
    assert "no CUDA GPU" in done.stderr.splitlines()[-1]


def test_an_empty_pipe_is_one_line():
    command = ("-m", "tui.commands", "transcribe", "-")
    done = run_python(*command, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert done.stderr == "maxwhisper: stdin is empty; pipe an audio file into it\n"
