from debug.candidate.buffers import to_buffer as to_buffer
from debug.candidate.buffers import to_torch as to_torch
