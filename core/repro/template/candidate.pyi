from core.encoder import AudioEncoder as AudioEncoder
