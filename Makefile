# make run opens the dashboard, make test runs all tests; each target sets everything up
# first. ARGS are given on: make transcribe ARGS="clip.wav --backend max".

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.DEFAULT_GOAL := run
.PHONY: run install demo transcribe serve gpu-check debug-encoder graph-test compare-simple bugpack false-alarms \
	test test-quick test-unit test-cpu test-max test-gpu coverage lint types \
	torture lock audit \
	benchmark benchmark-json benchmark-reload peers bench-peers benchmark-all benchmark-memory benchmark-gpu gpu-build results screenshot recording clean

run: install
	$(BIN)/maxwhisper-tui $(ARGS)

install: $(READY)

$(READY): pyproject.toml constraints.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt \
		-r requirements-dev.txt -e .
	@# MAX builds a small library at its first import, and two at once break each other's.
	$(BIN)/python -c "import max.nn"
	touch $(READY)

# -- Whisper and its port --------------------------------------------------------------

demo: install
	$(BIN)/maxwhisper demo $(ARGS)

transcribe: install
	$(BIN)/maxwhisper transcribe $(ARGS)

serve: install
	$(BIN)/python -m scripts.serve $(ARGS)

gpu-check: install
	$(BIN)/maxwhisper check --device gpu $(ARGS)

debug-encoder: install
	$(BIN)/maxwhisper check $(ARGS)

graph-test: install
	$(BIN)/maxwhisper check --engine compile $(ARGS)

compare-simple: install
	$(BIN)/maxwhisper compare --temperature 0 $(ARGS)

bugpack: install
	$(BIN)/python -m scripts.bugpack $(ARGS)

false-alarms: install
	$(BIN)/python -m scripts.false_alarms $(ARGS)

# -- Tests -----------------------------------------------------------------------------

# Two workers, each with whole files; see tests/conftest.py for their order.
test: install lint types
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

# Side by side, for the type checker takes as long as the tests.
test-quick: install
	$(MAKE) -j 3 lint types test-unit

# Not the dashboard and not micro's training: they alone take longer than a minute.
test-unit: install
	$(BIN)/pytest -m "not max and not gpu and not terminal and not process" --ignore=tests/tui/dashboard --ignore=tests/scripts $(ARGS)

coverage: install
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report= --cov-fail-under=0 $(ARGS)
	$(BIN)/python -m scripts.coverage_by_folder

test-cpu: install
	$(BIN)/pytest -m "not max and not gpu" $(ARGS)

test-max: install
	$(BIN)/pytest -m "max and not gpu" $(ARGS)

test-gpu: install
	$(BIN)/pytest -m gpu $(ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: install
	$(BIN)/basedpyright

# -- Under stress, and what it stands on ------------------------------------------------

torture: install
	$(BIN)/python -m scripts.torture $(ARGS)

lock: install
	$(BIN)/python -m scripts.lock $(ARGS)

audit: install
	$(BIN)/python -m scripts.audit $(ARGS)

# -- Figures ---------------------------------------------------------------------------

benchmark: install
	$(BIN)/maxwhisper bench --temperature 0 $(ARGS)

benchmark-json: install
	$(BIN)/maxwhisper bench --temperature 0 --json $(ARGS)

benchmark-reload: install
	$(BIN)/python benchmarks/reload.py $(ARGS)

# ONNX Runtime and CTranslate2, which nothing else needs.
peers: install
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[peers]"

# Beside PyTorch, ONNX Runtime and CTranslate2, an optional extra that is installed first.
bench-peers: peers
	$(BIN)/python benchmarks/peers.py --save benchmarks/results/peers-cpu.md $(ARGS)

# Every figure that has a target, in half an hour; ARGS="--large" for the sizes from medium up.
benchmark-all: peers
	$(BIN)/python benchmarks/all.py --save benchmarks/results/all-cpu.md $(ARGS)

benchmark-memory: install
	$(BIN)/python benchmarks/memory.py $(ARGS)

# Everything that only a GPU can show, in 8 minutes; ARGS="--quick" for 3.
benchmark-gpu: install
	$(BIN)/python benchmarks/gpu.py $(ARGS)

# Needs no GPU: what does not compile for one is known before there is one.
gpu-build: install
	$(BIN)/python -m scripts.gpu_build $(ARGS)

results: install
	$(BIN)/maxwhisper bench --history $(ARGS)

screenshot: install
	$(BIN)/python -m scripts.screenshots docs/dashboard.svg

recording: install
	$(BIN)/python -m scripts.recording docs/recording.svg

clean:
	rm -rf $(VENV)
