from whisper.model import AudioEncoder as AudioEncoder
