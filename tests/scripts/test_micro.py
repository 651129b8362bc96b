"""What micro is trained on, and how. Training itself and espeak-ng are not needed here."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from whisper.model import Whisper
from whisper.tokenizer import get_tokenizer

from core.checkpoint import load_checkpoint
from scripts.micro_batches import IGNORED, Batch, Batches, Spoken, transcript, used_tokens
from scripts.micro_grammar import TEMPLATES, for_test, number, sentences, vocabulary
from scripts.micro_speech import UNSEEN_VOICE, VOICES, Clip
from scripts.train_micro import Learner, rate, save, total_steps

TEXTS = ["The green duck ran.", "It is twenty now.", "Call Anna tonight."]


@pytest.fixture
def clips() -> list[Clip]:
    generator = np.random.default_rng(0)
    loud = [generator.integers(-9000, 9000, 24_000 + n * 4_000) for n in range(3)]
    return [Clip(t, s.astype(np.int16)) for t, s in zip(TEXTS, loud, strict=True)]


def only_batch(clips: list[Clip], seconds: float, size: int) -> Batch:
    (batch,) = Batches(clips, seconds, size, range(1))
    return batch


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


@pytest.mark.parametrize("number", range(4))
def test_labels_are_the_tokens_that_come_next(clips, number: int):
    tokenizer = get_tokenizer(multilingual=False)
    (batch,) = Batches(clips, 4.0, 16, range(number, number + 1))
    assert batch.mel.shape == (16, 80, 400)
    for tokens, labels in zip(batch.tokens, batch.labels, strict=True):
        first = int((labels != IGNORED).nonzero()[0])
        said = labels[labels != IGNORED].tolist()
        assert said[-1] == tokenizer.eot
        if said[0] not in (tokenizer.no_speech, tokenizer.eot):
            assert said[:-1] == tokens[first + 1 : first + len(said)].tolist()
            assert tokenizer.decode(said[:-1]).strip() in TEXTS


def test_a_short_window_stands_anywhere_in_30_seconds_with_timestamps_of_that_place(clips):
    begin = get_tokenizer(multilingual=False).timestamp_begin
    batches = list(Batches(clips, 4.0, 4, range(12)))
    for batch in batches:
        times = batch.labels[batch.labels >= begin] - begin
        assert batch.position <= times.min()
        assert times.max() <= batch.position + 200
    assert 0 in {batch.position for batch in batches}
    assert max(batch.position for batch in batches) > 1000


def test_silence_is_answered_with_no_speech_and_an_end(clips, monkeypatch):
    monkeypatch.setattr("scripts.micro_batches.SILENT_SHARE", 1.0)
    tokenizer = get_tokenizer(multilingual=False)
    batch = only_batch(clips, 30.0, 4)
    for labels in batch.labels:
        said = labels[labels != IGNORED].tolist()
        assert said == [tokenizer.no_speech, tokenizer.eot]


def test_a_long_window_holds_sentences_between_rising_timestamps(clips):
    tokenizer = get_tokenizer(multilingual=False)
    labels = only_batch(clips, 30.0, 8).labels
    counts = []
    for row in labels:
        times = [t for t in row.tolist() if t >= tokenizer.timestamp_begin]
        assert times == sorted(times)
        counts.append(len(times))
    assert max(counts) > 8


def test_of_a_sentence_that_is_cut_off_only_the_start_is_known():
    tokenizer = get_tokenizer(multilingual=False)
    begin = tokenizer.timestamp_begin
    tokens = transcript(tokenizer, [Spoken("Hello.", 0.5, 1.0), Spoken("Bye.", 1.5, None)])
    assert tokens[0] == begin + 25
    assert tokens[-2:] == [begin + 50, begin + 75]
    assert tokenizer.decode(tokens) == " Hello."


def test_a_batch_depends_on_its_number_alone(clips):
    first, second = Batches(clips, 4.0, 2, range(5, 7)), Batches(clips, 4.0, 2, range(6, 7))
    assert torch.equal(list(first)[1].mel, next(iter(second)).mel)


# -- Learning --------------------------------------------------------------------------


def test_the_loss_is_that_of_the_whole_vocabulary(clips):
    torch.manual_seed(0)
    learner = Learner(used_tokens(TEXTS)).eval()
    batch = only_batch(clips, 4.0, 2)
    model = Whisper(learner.whisper.dims).eval()
    model.load_state_dict({n: t.float() for n, t in learner.state().items()})
    with torch.no_grad():
        logits = model.decoder(batch.tokens, learner.encode(batch.mel, batch.position))
        loss = F.cross_entropy(
            logits.flatten(0, 1), batch.labels.flatten(), ignore_index=IGNORED
        )
        assert learner(batch).item() == pytest.approx(loss.item(), rel=1e-3)


def test_a_saved_model_is_a_small_checkpoint_that_whisper_loads(tmp_path: Path):
    learner = Learner(used_tokens(TEXTS))
    save(learner, tmp_path / "own.pt")
    checkpoint = load_checkpoint(str(tmp_path / "own.pt"))
    assert checkpoint.title == "own (synthetic speech)"
    assert [file.name for file in tmp_path.iterdir()] == ["own.pt"]
    assert (tmp_path / "own.pt").stat().st_size < 6e6
    Whisper(checkpoint.dims).load_state_dict(checkpoint.state)


def test_the_rate_warms_up_and_falls_to_nothing():
    rates = [rate(step) for step in range(total_steps() + 1)]
    assert rates[0] < rates[50] < max(rates)
    assert rates[-1] == pytest.approx(0.0, abs=1e-9)
