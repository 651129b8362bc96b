"""The bundled clip, transcribed by one backend."""

from benchmarks.gpu_rows.found import Found, Say
from core.backends.backend import open_backend
from core.backends.transcription import Transcriber
from core.machine import DeviceMemory
from core.messages import BackendOptions, Decoding, Transcript
from core.model.audio import BUNDLED_CLIP, load_audio
from debug.candidate.devices import gpu_number


def words(say: Say, device: str, backend: str, dtype: str) -> Found:
    """The first run warms up; the second is the one that counts."""
    memory = DeviceMemory(gpu_number(device))
    options = BackendOptions(name=backend, device=device, dtype=dtype)
    opened = open_backend(options, lambda what: None)
    transcriber = Transcriber(opened, Decoding(temperature=0.0), memory)
    sound = load_audio(BUNDLED_CLIP)

    def hear() -> Transcript:
        return transcriber.transcribe(sound, lambda done, total: None)

    hear()
    heard = hear()
    seconds = heard.seconds
    figures = {
        "text": heard.text,
        "device": opened.ready.device,
        "encode_seconds": seconds.encode,
        "total_seconds": seconds.total,
        "process_bytes": heard.memory.process,
        "device_bytes": heard.memory.device,
    }
    says = f"{heard.text!r} in {seconds.total:.2f} s, of which {seconds.encode:.3f} encode"
    return Found(f"{says}; {opened.ready.device}", bool(heard.text), figures)
