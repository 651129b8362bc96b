"""Hostile lines that run well and leave something behind, for the next source or for the
engine itself; and what the screen must say of each.

`OK` where the run is none the worse. Which of them the engine can't put back, and starts
anew for, only the next save shows.
"""

from scripts.torture.lines import OK

OF_PYTHON = {
    "an event loop that runs": (
        "import asyncio, threading; _l = asyncio.new_event_loop()\n"
        "threading.Thread(target=_l.run_forever, daemon=True).start()",
        OK,
    ),
    "a thread that is busy": (
        "import threading\ndef _busy():\n    while True: pass\n"
        "threading.Thread(target=_busy, daemon=True).start()",
        OK,
    ),
    "a high recursion limit": ("import sys; sys.setrecursionlimit(10**6)", OK),
    "a trace of threads": (
        "import threading; threading.settrace(lambda *a: 1 / 0)",
        OK,
    ),
    "a profile": ("import sys; sys.setprofile(lambda *a: None)", OK),
    "long turns": ("import sys; sys.setswitchinterval(1000)", OK),
    "no last words": ("import faulthandler; faulthandler.disable()", OK),
    "hooks of errors": (
        "import sys, threading; sys.excepthook = threading.excepthook = None",
        OK,
    ),
    "a full stdout": ("import sys; sys.stdout = open('/dev/full', 'w')", OK),
    "no garbage": ("import gc; gc.set_threshold(0); gc.freeze()", OK),
    "an import hook": (
        "import sys\nclass _Hook:\n    def find_spec(self, *a): return 1 / 0\n"
        "sys.meta_path.insert(0, _Hook())",
        OK,
    ),
    "no importers": ("import sys; sys.meta_path.clear(); sys.path_hooks.clear()", OK),
    "a library's module": (
        "import sys, types; sys.modules['max.graph'] = types.ModuleType('max.graph')",
        OK,
    ),
    "no library": ("import sys; sys.modules['torch'] = None", OK),
    "codecs": ("import codecs; codecs.register(lambda name: 1 / 0)", OK),
    "Python's clock": ("import time; time.monotonic = time.perf_counter = None", OK),
    "Python's processes": ("import os; os.getpid = lambda: 1; os.stat = None", OK),
    "Python's JSON": ("import json; json.dumps = json.loads = None", OK),
    "Python's threads": ("import threading; threading.Thread = None", OK),
    "Python's paths": ("import pathlib; pathlib.Path.read_bytes = None", OK),
    "decimals": ("import decimal; decimal.getcontext().prec = 1", OK),
    "log lines": ("import logging; logging.basicConfig(level=1)", OK),
    "a breakpoint": ("breakpoint()", "breakpoint"),
}
OF_THE_PROCESS = {
    "a variable of MAX's": (
        "import os; os.environ['MODULAR_CACHE_DIR'] = '/nowhere/at/all'",
        OK,
    ),
    "many open files": (
        "import os, resource as r; r.setrlimit(r.RLIMIT_NOFILE, (1024, 4096))\n"
        "[os.open('/dev/null', 0) for _ in range(700)]",
        OK,
    ),
    "a low priority": ("import os; os.nice(10)", OK),
    "a timer of the processor's": (
        "import signal; signal.setitimer(signal.ITIMER_PROF, 2)",
        OK,
    ),
    "processes of a pool": (
        "import multiprocessing as m; _p = m.get_context('fork').Pool(2)",
        OK,
    ),
    "every descriptor": ("import os; os.closerange(3, 4096)", "closed its pipe"),
    "an end that comes later": (
        "import os, threading; threading.Timer(1, os._exit, (3,)).start()",
        "(exit status 3)",
    ),
    "a segfault that comes later": (
        "import ctypes, threading; threading.Timer(1, ctypes.string_at, (0,)).start()",
        "(killed by SIGSEGV)",
    ),
}
OF_LIBRARIES = {
    "NumPy's errors": ("import numpy; numpy.seterr(all='raise')", OK),
    "NumPy's seed": ("import numpy; numpy.random.seed(9)", OK),
    "deterministic": ("import torch; torch.use_deterministic_algorithms(True)", OK),
    "a default device": ("import torch; torch.set_default_device('meta')", "Meta"),
    "inference mode": ("import torch; torch.inference_mode().__enter__()", OK),
    "a mode of PyTorch's": ("import torch; torch.device('cpu').__enter__()", OK),
    "coarse products": ("import torch; torch.set_float32_matmul_precision('medium')", OK),
    "denormals": ("import torch; torch.set_flush_denormal(True)", OK),
    "anomalies": ("import torch; torch.autograd.set_detect_anomaly(True)", OK),
    "functional": (
        "import torch.nn.functional as _f; _f.gelu = _f.linear = lambda *a: 1 / 0",
        OK,
    ),
    "tensors": (
        "import torch; torch.Tensor.__add__ = torch.Tensor.double = lambda *a: 1 / 0",
        OK,
    ),
    "hooks of PyTorch's modules": (
        "from torch.nn.modules.module import register_module_forward_hook as _r\n"
        "_r(lambda *a: 1 / 0)",
        OK,
    ),
    "hooks of MAX's layers": (
        "from max.nn.layer import add_layer_hook as _a; _a(lambda *a: 1 / 0)",
        "ZeroDivision",
    ),
    "a number": ("import math; math.pi = 3.0", OK),
    "a graph in a thread": (
        "import threading\nfrom max.graph import Graph as _G\n"
        "_made = lambda: _G('g', forward=lambda: (), input_types=[])\n"
        "_t = threading.Thread(target=_made); _t.start(); _t.join()",
        OK,
    ),
    "a graph that is left open": (
        "from max.graph import Graph as _G; _G('left').__enter__()",
        OK,
    ),
}
LEAVES = OF_PYTHON | OF_THE_PROCESS | OF_LIBRARIES
OFTEN = {
    "many open files": "how many files",
    "a graph that is left open": "outside the region",
}
"""What is said where the same is done several times in a load, and within a graph."""
