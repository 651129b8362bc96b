"""What micro is trained on, and how. Training itself and espeak-ng are not needed here."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from rich.console import Console
from whisper.audio import HOP_LENGTH, N_FRAMES, N_SAMPLES, log_mel_spectrogram, pad_or_trim
from whisper.model import Whisper
from whisper.tokenizer import Tokenizer, get_tokenizer

from core.model.checkpoint import load_checkpoint
from scripts.loss_curve import draw
from scripts.micro_batches import (
    IGNORED,
    Batch,
    Batches,
    Shape,
    mel,
    spelling,
    used_tokens,
)
from scripts.micro_grammar import TEMPLATES, for_test, number, sentences, vocabulary
from scripts.micro_speech import UNSEEN_VOICE, VOICES, Clip
from scripts.refine_micro import Refinement, decision, hear
from scripts.train_micro import (
    Learner,
    Stage,
    Training,
    main_steps,
    rate,
    save,
    total_steps,
)

TEXTS = ["The green duck ran.", "It is twenty now.", "Call Anna tonight."]


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    generator = np.random.default_rng(0)
    loud = [generator.integers(-9000, 9000, 24_000 + n * 4_000) for n in range(3)]
    return [Clip(t, s.astype(np.int16)) for t, s in zip(TEXTS, loud, strict=True)]


def only_batch(clips: list[Clip], shape: Shape, number: int = 0) -> Batch:
    (batch,) = Batches(clips, lambda number: shape, range(number, number + 1))
    return batch


def said(labels: torch.Tensor) -> list[int]:
    return labels[labels != IGNORED].tolist()


# -- Sentences -------------------------------------------------------------------------


def test_the_grammar_has_200_to_400_words():
    assert 200 <= len(vocabulary()) <= 400
    assert len(TEMPLATES) > 40


@pytest.mark.parametrize(
    ("value", "words"), [(0, "zero"), (13, "thirteen"), (40, "forty"), (99, "ninety nine")]
)
def test_numbers_are_written_in_words(value: int, words: str):
    assert number(value) == words


def test_no_sentence_is_on_both_sides_of_the_split():
    train, test = sentences(3000, 1, test=False), sentences(300, 2, test=True)
    assert len(set(train)) == 3000
    assert not set(train) & set(test)
    assert all(for_test(text) for text in test)


def test_the_same_seed_gives_the_same_sentences():
    assert sentences(50, 3, test=False) == sentences(50, 3, test=False)


def test_the_unseen_voice_shares_its_timbre_with_no_other():
    timbre = UNSEEN_VOICE.partition("+")[2]
    assert timbre
    assert not any(voice.endswith(timbre) for voice in VOICES)


# -- Batches ---------------------------------------------------------------------------


@pytest.fixture
def tokenizer() -> Tokenizer:
    return get_tokenizer(multilingual=False)


@pytest.mark.parametrize("number", range(4))
def test_labels_are_the_tokens_that_come_next(clips, tokenizer, number: int):
    batch = only_batch(clips, Shape(4.0, 16), number)
    assert batch.mel.shape == (16, 80, 400)
    for tokens, labels in zip(batch.tokens, batch.labels, strict=True):
        first = int((labels != IGNORED).nonzero()[0])
        answer = said(labels)
        assert answer[-1] == tokenizer.eot
        if answer[0] != tokenizer.no_speech:
            assert tokens[first] == tokenizer.sot
            assert answer[:-1] == tokens[first + 1 : first + len(answer)].tolist()
            assert tokenizer.decode(answer[:-1]).strip() in TEXTS


def test_a_window_says_its_first_sentence_between_times_and_when_the_next_begins(
    clips, tokenizer, monkeypatch
):
    monkeypatch.setattr("scripts.micro_batches.SILENT_SHARE", 0.0)
    begin = tokenizer.timestamp_begin
    endings = set()
    for labels in only_batch(clips, Shape(30.0, 24)).labels:
        start, *text, end = said(labels)[:-1]
        times = [token for token in text if token >= begin]
        assert begin <= start < end <= begin + 1500
        assert all(start < time < end for time in times)
        assert len(times) <= 1
        endings.add(len(times))
    assert endings == {0, 1}


def test_a_window_full_of_sentences_always_says_when_the_next_begins(
    clips, tokenizer, monkeypatch
):
    monkeypatch.setattr("scripts.micro_batches.SILENT_SHARE", 0.0)
    begin = tokenizer.timestamp_begin
    for labels in only_batch(clips, Shape(30.0, 12, sentences=(99,))).labels:
        assert sum(token >= begin for token in said(labels)) == 3


def test_silence_is_answered_with_no_speech_and_an_end(clips, tokenizer, monkeypatch):
    monkeypatch.setattr("scripts.micro_batches.SILENT_SHARE", 1.0)
    for labels in only_batch(clips, Shape(30.0, 4)).labels:
        assert said(labels) == [tokenizer.no_speech, tokenizer.eot]


def test_a_prompt_is_what_was_said_before_and_no_loss_is_taken_of_it(clips, tokenizer):
    batch = only_batch(clips, Shape(4.0, 8, prompted=1.0))
    for tokens, labels in zip(batch.tokens, batch.labels, strict=True):
        assert tokens[0] == tokenizer.sot_prev
        assert tokenizer.decode(tokens.tolist()).count(".") > 1
        assert (labels == IGNORED)[: tokens.tolist().index(tokenizer.sot)].all()


def test_spelling_is_that_of_the_sentence_and_is_over_when_it_has_been_heard(clips):
    batch = only_batch(clips, Shape(4.0, 16))
    spelled = {tuple(row[row > 0].tolist()) for row in batch.spelling}
    assert spelled - {()} == {tuple(spelling(text)) for text in TEXTS}
    silent = batch.spelling.sum(1) == 0
    assert torch.equal(batch.heard == 0, silent)
    assert batch.heard.max() <= 200


def test_a_window_is_cut_from_a_file_as_openai_cuts_it(clips):
    samples = clips[0].samples.astype(np.float32) / 32768
    whole = log_mel_spectrogram(samples, padding=N_SAMPLES)
    frames = len(samples) // HOP_LENGTH
    cut = torch.as_tensor(pad_or_trim(whole[:, :frames], N_FRAMES))
    assert torch.equal(mel(samples, N_SAMPLES), cut)


def test_a_batch_depends_on_its_number_alone(clips):
    several = Batches(clips, lambda number: Shape(4.0, 2), range(5, 7))
    assert torch.equal(list(several)[1].mel, only_batch(clips, Shape(4.0, 2), 6).mel)


# -- Learning --------------------------------------------------------------------------


def test_the_loss_is_that_of_the_whole_vocabulary(clips):
    torch.manual_seed(0)
    learner = Learner(used_tokens(TEXTS)).eval()
    batch = only_batch(clips, Shape(4.0, 2))
    model = Whisper(learner.whisper.dims).eval()
    model.load_state_dict({n: t.float() for n, t in learner.state().items()})
    with torch.no_grad():
        features = learner.encode(batch.mel)
        logits = model.decoder(batch.tokens, features)
        loss = F.cross_entropy(
            logits.flatten(0, 1), batch.labels.flatten(), ignore_index=IGNORED
        )
        answer = learner.answer_loss(features, batch)
    assert answer.item() == pytest.approx(loss.item(), rel=1e-3)


def test_whole_windows_are_encoded_as_openais_encoder_does(clips):
    learner = Learner(used_tokens(TEXTS)).eval()
    batch = only_batch(clips, Shape(30.0, 1))
    with torch.no_grad():
        assert torch.equal(learner.encode(batch.mel), learner.whisper.encoder(batch.mel))


@pytest.fixture(scope="module")
def losses(clips, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a training that was stopped after two of three steps, and went on."""
    folder = tmp_path_factory.mktemp("training")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scripts.train_micro.FINISH", Stage(0, ()))
        for steps in (2, 3):
            patch.setattr("scripts.train_micro.STAGES", [Stage(steps, (Shape(4.0, 1),))])
            training = Training(Learner(used_tokens(TEXTS)), Console(quiet=True), folder)
            training.run(clips)
    return training.losses


def test_learning_goes_on_where_it_stopped(losses: Path):
    rows = losses.read_text().splitlines()
    assert [row.partition(",")[0] for row in rows] == ["step", "1", "2", "3"]


def test_the_curve_shows_the_loss_by_length_of_window(losses: Path, tmp_path: Path):
    draw(losses, tmp_path / "loss.svg")
    drawn = (tmp_path / "loss.svg").read_text()
    assert "4 s windows" in drawn
    assert "30 s windows" not in drawn
    draw(losses, tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_text() == drawn


def test_a_saved_model_is_a_small_checkpoint_that_whisper_loads(tmp_path: Path):
    learner = Learner(used_tokens(TEXTS))
    save(learner, tmp_path / "own.pt")
    checkpoint = load_checkpoint(str(tmp_path / "own.pt"))
    assert checkpoint.title == "own (synthetic speech)"
    assert [file.name for file in tmp_path.iterdir()] == ["own.pt"]
    assert (tmp_path / "own.pt").stat().st_size < 6e6
    Whisper(checkpoint.dims).load_state_dict(checkpoint.state)


def test_the_rate_warms_up_and_falls_to_nothing_twice():
    rates = [rate(step) for step in range(total_steps() + 1)]
    assert rates[0] < rates[50] < max(rates)
    assert rates[main_steps() - 1] < max(rates) / 1000
    assert rates[main_steps()] < max(rates)
    assert rates[-1] == 0


# -- Refining --------------------------------------------------------------------------


def test_the_decision_is_where_the_end_or_the_next_start_is_said(clips, tokenizer):
    batches = Batches(clips, lambda number: Shape(30.0, 1), range(0))
    shape, random_ = Shape(30.0, 1, sentences=(1, 99)), random.Random(0)
    windows = [batches.window(shape, random_) for _ in range(24)]
    _, labels = batches.answers(windows, (4,), random_)
    followed = 0
    for window, row in zip(windows, labels, strict=True):
        place = decision(window, row)
        if place is None:
            assert window.sentence == ""
        elif window.next is None:
            assert row[place] == tokenizer.eot
        else:
            followed += 1
            assert row[place] == tokenizer.timestamp_begin + round(window.next / 0.02)
    assert 0 < followed < 24


def test_a_prompt_is_no_longer_than_openais(clips, tokenizer):
    batches = Batches(clips, lambda number: Shape(4.0, 1), range(0))
    window = batches.window(Shape(4.0, 1), random.Random(0))
    tokens, _ = batches.answers([window] * 8, (200,), random.Random(0))
    for row in tokens.tolist():
        assert row.index(tokenizer.sot) <= 224
    assert any(row.index(tokenizer.sot) == 224 for row in tokens.tolist())


def test_refining_teaches_the_decoder_and_leaves_the_encoder_as_it_was(clips):
    torch.manual_seed(0)
    learner = Learner(used_tokens(TEXTS))
    before = learner.state()
    batches = Batches(clips, lambda number: Shape(30.0, 1), range(0))
    console = Console(quiet=True)
    windows, features = hear(learner, batches, 2, console)
    assert features.shape == (2, 1500, 128)
    refinement = Refinement(learner, batches, windows, features, console)
    refinement.run(6)
    assert refinement.losses[-1] < refinement.losses[0]
    changed = {n for n, t in learner.state().items() if not torch.equal(t, before[n])}
    assert changed
    assert all(name.startswith("decoder.") for name in changed)


def test_what_was_learned_is_taken_from_a_checkpoint():
    used = used_tokens(TEXTS)
    first, second = Learner(used), Learner(used)
    second.take(first.state())
    for name, tensor in first.state().items():
        assert torch.equal(second.state()[name], tensor), name
