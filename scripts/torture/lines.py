"""Hostile lines, each for every place of a port, and what the screen must say of it."""

RAISES = {
    "ValueError": ("raise ValueError('not yet')", "not yet"),
    "an error without words": ("raise ValueError", "ValueError"),
    "markup": ("raise ValueError('[/x] [b=2, k=3] [bold]')", "[/x]"),
    "escapes": (r"raise ValueError('\x1b[31mred\x1b]0;t\x07 \x9b2J end')", "red"),
    "a lone surrogate": (r"raise ValueError('odd \udc80 end')", "odd"),
    "many lines": (r"raise ValueError('first\n' * 5000)", "first"),
    "a long line": ("raise ValueError('word ' * 100000)", "word"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "SystemExit": ("raise SystemExit(3)", "SystemExit"),
    "sys.exit": ("import sys; sys.exit('bye')", "SystemExit"),
    "BaseException": ("raise BaseException('base')", "base"),
    "GeneratorExit": ("raise GeneratorExit('gen')", "gen"),
    "a group": ("raise ExceptionGroup('group', [ValueError('a')])", "group"),
    "an error that can't be shown": (
        "exec('class E(Exception):\\n def __str__(self): raise ValueError(1)'); raise E",
        "E",
    ),
    "recursion": ("f = lambda: f(); f()", "Recursion"),
    "no memory": ("raise MemoryError('none left')", "none left"),
    "too much memory": ("bytearray(10**14)", "MemoryError"),
    "assert": ("assert False, 'never'", "never"),
    "a missing module": ("import nowhere_at_all", "nowhere_at_all"),
    "a missing name": ("from max.graph import nothing_like_it", "nothing_like_it"),
    "an unknown name": ("undefined_name", "undefined_name"),
    "division": ("1 / 0", "ZeroDivision"),
    "a file that is not there": ("open('/nowhere/at/all')", "nowhere"),
    "a read of the keys": ("input()", "EOFError"),
}
SYNTAX = {
    "an open bracket": ("x = (", "syntax error"),
    "a closing bracket": ("x = )", "syntax error"),
    "an indent": ("  x = 1", "indent"),
    "a word": ("what for this", "syntax error"),
    "an open string": ("x = 'abc", "syntax error"),
    "return outside": ("return 1", "outside function"),
    "a tab": ("\tx = 1", "indent"),
}
ENDS = {
    "os._exit": ("import os; os._exit(3)", "(exit status 3)", False),
    "abort": ("import os; os.abort()", "(killed by SIGABRT)", True),
    "a segfault": ("import ctypes; ctypes.string_at(0)", "(killed by SIGSEGV)", True),
    "a file that is cut short": (
        "import mmap as _m, tempfile as _t; _f = _t.TemporaryFile(); _f.truncate(9000); "
        "_n = _m.mmap(_f.fileno(), 9000); _f.truncate(0); _n[8000]",
        "SIGBUS, as when a file that it reads is cut short",
        True,
    ),
    "SIGKILL": ("import os; os.kill(os.getpid(), 9)", "(killed by SIGKILL)", False),
    "SIGTERM": ("import os; os.kill(os.getpid(), 15)", "(killed by SIGTERM)", False),
}
"""The line, how the screen names the end, and whether the line is known."""
HANGS = {
    "a loop": "while True: pass",
    "a loop that prints": "while True: print('x')",
    "native code that sleeps": "import time; time.sleep(1e6)",
    "native code that keeps the interpreter": (
        "import ctypes; ctypes.PyDLL(None).usleep(4_000_000_000)"
    ),
    "a lock": "import threading; _l = threading.Lock(); _l.acquire(); _l.acquire()",
}
OK = "3 of 3 layers ok"
CHANGES: dict[str, tuple[str, str]] = {
    "chdir": ("import os; os.chdir('/')", OK),
    "the locale": ("import locale; locale.setlocale(locale.LC_ALL, 'C')", OK),
    "signal handlers": ("import signal; signal.signal(15, signal.SIG_IGN)", OK),
    "blocked signals": ("import signal; signal.pthread_sigmask(0, {15})", OK),
    "sys.path": ("import sys; sys.path.clear()", OK),
    "sys.stdout": ("import sys; sys.stdout = sys.stderr = None", OK),
    "sys.modules": ("import sys; sys.modules.pop('json', None)", OK),
    "builtins": ("import builtins; builtins.len = None", OK),
    "open": ("import builtins; builtins.open = lambda *a, **k: 1 / 0", OK),
    "ops": ("from max.graph import ops as o; o.gelu = lambda x, *a, **k: x", "first"),
    "default dtype": ("import torch; torch.set_default_dtype(torch.float64)", OK),
    "seeds": ("import torch, random; torch.manual_seed(9); random.seed(9)", OK),
    "threads of torch": ("import torch; torch.set_num_threads(1)", OK),
    "gradients": ("import torch; torch.set_grad_enabled(False)", OK),
    "descriptor 0": ("import os; os.close(0)", OK),
    "descriptor 1": ("import os; os.close(1)", OK),
    "descriptor 2": ("import os; os.close(2)", OK),
    "all descriptors": ("import os; os.closerange(3, 64)", "descriptors"),
    "garbage on 1": (r"import os; os.write(1, b'\xff{garbage}\n' * 100)", OK),
    "garbage everywhere": (r"import os; [os.write(_f, b'{x}\n') for _f in (1, 2)]", OK),
    "a flood": ("[print('x' * 100) for _ in range(20000)]", OK),
    "100 MB of prints": ("[print('x' * 10000) for _ in range(10000)]", OK),
    "a thread": ("import threading as t, time; t.Timer(9, time.time).start()", OK),
    "a thread for ever": (
        "import threading as t, time; t.Thread(target=time.sleep, args=(1e6,)).start()",
        OK,
    ),
    "atexit": ("import atexit, time; atexit.register(time.sleep, 60)", OK),
    "a fork": ("import os, time; os.fork() or (time.sleep(30), os._exit(0))", OK),
    "a fork that goes on": ("import os; os.fork()", OK),
    "a child": ("import subprocess; subprocess.Popen(['sleep', '30'])", OK),
    "an alarm": ("import signal; signal.alarm(1)", OK),
    "limits": ("import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (64, 64))", OK),
    "state": ("import torch; torch.kept = getattr(torch, 'kept', 0) + 1", OK),
    "a trace": ("import sys; sys.settrace(lambda *a: None)", OK),
    "recursion limit": ("import sys; sys.setrecursionlimit(60)", OK),
    "warnings": ("import warnings; warnings.simplefilter('error')", OK),
    "gc": ("import gc; gc.disable()", OK),
    "environment": ("import os; os.environ.clear()", OK),
}
"""The line, and what the screen says: what is harmless for the run leaves it ok."""
