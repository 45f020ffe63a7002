/**
 * The fork server that runs inside for a Python candidate, as text for `python3 -c`. It is loaded into the same process as the
 * candidate and trusts nothing of itself: whatever it says is a claim, which the host compares. Protocol: one JSON request a line on
 * descriptor 0, one JSON answer a line on descriptor 6, each with the request's id.
 *
 * Each call runs in a fork: memory is as it was after loading, SIGPROF's default action ends it at its CPU limit (no `except` can
 * swallow that; RLIMIT_CPU backs it up against a process that ignores the signal), without the server's descriptors, and every other
 * process inside is killed after it. A coroutine is run to its end there, by an asyncio that was imported before. Names are bound at the start, so that a candidate that replaces `json.dumps` or `os.fork` only spoils its own code.
 */
export const PYTHON_HARNESS = String.raw`
import sys, os, json, signal, select, resource, random, gc, types, collections, time

def _main():
    fork, pipe, close, write, read, kill, waitpid, _exit = os.fork, os.pipe, os.close, os.write, os.read, os.kill, os.waitpid, os._exit
    loads, dumps, select_, now, setitimer = json.loads, json.JSONEncoder(separators=(',', ':')).encode, select.select, time.monotonic, signal.setitimer
    set_signal, setrlimit, b64 = signal.signal, resource.setrlimit, __import__('binascii')
    SIGPROF, SIGXCPU, SIGKILL, ITIMER_PROF, SIG_DFL, RLIMIT_CPU = signal.SIGPROF, signal.SIGXCPU, signal.SIGKILL, signal.ITIMER_PROF, signal.SIG_DFL, resource.RLIMIT_CPU
    WIFSIGNALED, WTERMSIG, WEXITSTATUS, signal_name = os.WIFSIGNALED, os.WTERMSIG, os.WEXITSTATUS, signal.Signals
    DICTS = (dict, collections.OrderedDict, collections.defaultdict, collections.Counter)
    items, tolist = dict.items, list
    MAX_LINE, MAX_NODES, MAX_DEPTH = 1 << 20, 100000, 40
    import_, _type, _repr, _len, _str, _float = __import__, type, repr, len, str, float
    open_, RDONLY = os.open, os.O_RDONLY
    try:
        # Other processes of this user, forks of ours included, must not open our descriptors or memory by way of /proc.
        import _ctypes
        prctl, foreign = _ctypes.dlsym(_ctypes.dlopen(None, 2), 'prctl'), _ctypes.call_function
        def set_dumpable(on): foreign(prctl, (4, on, 0, 0, 0))  # PR_SET_DUMPABLE
        # What a call leaves behind is handed to us and not to the first process inside, which reaps it late or, under unshare, never.
        foreign(prctl, (36, 1, 0, 0, 0))  # PR_SET_CHILD_SUBREAPER
    except (ImportError, OSError):
        def set_dumpable(on): pass
    set_dumpable(0)

    class TooMuch(Exception):
        pass

    def encode(value, depth, left):
        left[0] -= 1
        if left[0] < 0 or depth > MAX_DEPTH:
            raise TooMuch()
        t = _type(value)
        if value is None: return {'t': 'none'}
        if t is bool: return {'t': 'bool', 'v': value}
        if t is int:
            if value.bit_length() > 13000: raise TooMuch()
            return {'t': 'int', 'v': _str(value)}
        if t is float: return {'t': 'float', 'v': _repr(value)}
        if t is str: return {'t': 'str', 'v': value}
        if t is bytes or t is bytearray: return {'t': 'bytes', 'v': b64.b2a_base64(value, newline=False).decode('ascii')}
        if t is list: return {'t': 'list', 'v': [encode(x, depth + 1, left) for x in value]}
        if t is tuple: return {'t': 'tuple', 'v': [encode(x, depth + 1, left) for x in value]}
        if t is set or t is frozenset:
            return {'t': 'set', 'v': sorted((encode(x, depth + 1, left) for x in value), key=dumps)}
        if t in DICTS:
            return {'t': 'dict', 'v': [[encode(k, depth + 1, left), encode(v, depth + 1, left)] for k, v in items(value)]}
        return {'t': 'other', 'v': t.__name__[:80]}

    def decode(value):
        t = value['t']
        if t == 'none' or t == 'undefined': return None
        if t == 'bool' or t == 'str': return value['v']
        if t == 'int': return int(value['v'])
        if t == 'float': return float(value['v'])
        if t == 'bytes': return b64.a2b_base64(value['v'])
        if t == 'list': return [decode(x) for x in value['v']]
        if t == 'tuple': return tuple(decode(x) for x in value['v'])
        if t == 'set': return set(decode(x) for x in value['v'])
        if t == 'dict': return {decode(k): decode(v) for k, v in value['v']}
        raise ValueError('a value of type ' + t + ' cannot be passed')

    def raised(error):
        name = _type(error).__name__
        try: message = _str(error)
        except BaseException: message = ''
        return {'kind': 'raised', 'error': _str(name)[:100], 'message': message[:500]}

    # The candidate's own input and output lead nowhere; the channel moves out of its way.
    inp = os.dup2(0, 100)
    null = os.open('/dev/null', os.O_RDWR)
    for fd in (0, 1, 2): os.dup2(null, fd)
    out = 6
    gc.freeze()
    Coroutine = types.CoroutineType
    module = types.ModuleType('candidate')
    module.__file__ = 'candidate.py'
    sys.modules['candidate'] = module

    pending = b''
    def read_line():
        nonlocal pending
        while b'\n' not in pending:
            chunk = read(inp, 1 << 16)
            if not chunk: _exit(0)
            pending += chunk
        line, _, pending = pending.partition(b'\n')
        return loads(line)

    def send(data):
        while data:
            data = data[write(out, data):]

    seed, reseed = 0, random.seed
    def load(request):
        nonlocal seed
        seed = request['seed']
        reseed(seed)
        set_signal(SIGPROF, SIG_DFL)
        setitimer(ITIMER_PROF, request['cpuMs'] / 1000)
        try:
            exec(compile(request['code'], 'candidate.py', 'exec'), module.__dict__)
            names = [n for n, v in tolist(items(module.__dict__)) if callable(v) and not n.startswith('__')][:200]
            result = {'kind': 'loaded', 'names': names}
            if not callable(module.__dict__.get(request['entryPoint'])): result['kind'] = 'no-entry-point'
            # Importing it takes longer than a call may; here it is taken once, and only where it may be needed.
            elif 'async' in request['code']: import_('asyncio')
        except BaseException as error:
            result = raised(error)
            result['kind'] = 'failed'
        setitimer(ITIMER_PROF, 0)
        gc.freeze()
        return dumps(result).encode()

    def waited_ms(pid):
        # Nanoseconds on a core, nanoseconds ready and waiting for one, turns. Tells a slow machine from a slow call.
        try:
            fd = open_('/proc/' + _str(pid) + '/schedstat', RDONLY)
            try: return int(_float(read(fd, 200).split()[1]) / 1e6)
            finally: close(fd)
        except (OSError, IndexError, ValueError): return 0

    def child(request, w):
        set_dumpable(1)
        set_signal(SIGPROF, SIG_DFL)
        seconds = request['cpuMs'] / 1000
        setrlimit(RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
        try:
            reseed(seed)  # the random module seeds itself anew in every fork
            args = [decode(a) for a in request['args']]
            function = module.__dict__[request['fn']]
            setitimer(ITIMER_PROF, seconds, 0.01)
            value = function(*args)
            if _type(value) is Coroutine: value = import_('asyncio').run(value)
            try: result = {'kind': 'value', 'value': encode(value, 0, [MAX_NODES])}
            except (TooMuch, RecursionError): result = {'kind': 'value', 'value': {'t': 'other', 'v': 'too large or too deep'}}
            data = dumps(result).encode()
            if _len(data) > MAX_LINE - 1000: data = b'{"kind":"value","value":{"t":"other","v":"too large"}}'
        except BaseException as error:
            data = dumps(raised(error)).encode()
        setitimer(ITIMER_PROF, 0)
        data += b'\n'
        while data: data = data[write(w, data):]

    def call(request):
        r, w = pipe()
        pid = fork()
        if pid == 0:
            try:
                for fd in (r, inp, out): close(fd)
                child(request, w)
            finally:
                _exit(0)
        close(w)
        deadline = now() + request['wallMs'] / 1000
        chunks, size, late = [], 0, False
        while True:
            left = deadline - now()
            if left <= 0 or not select_([r], [], [], left)[0]:
                late = True
                break
            chunk = read(r, 1 << 16)
            if not chunk: break
            chunks.append(chunk)
            size += _len(chunk)
            if chunk.endswith(b'\n') or size > MAX_LINE: break
        close(r)
        waited = waited_ms(pid) if late else 0
        try: kill(pid, SIGKILL) if late else None
        except OSError: pass
        status = 0
        try:
            if not chunks or late: status = waitpid(pid, 0)[1]
            kill(-1, SIGKILL)
        except OSError: pass
        try:
            while True: waitpid(-1, 0)  # The dead count as processes until then, and the next call may need its places.
        except OSError: pass
        if late: return dumps({'kind': 'timeout', 'waitedMs': waited}).encode()
        data = b''.join(chunks)
        if data.endswith(b'\n'): return data[:-1]
        if WIFSIGNALED(status):
            number = WTERMSIG(status)
            if number == SIGPROF or number == SIGXCPU: return b'{"kind":"timeout"}'
            return dumps({'kind': 'raised', 'error': 'ProcessKilled', 'message': signal_name(number).name}).encode()
        return dumps({'kind': 'raised', 'error': 'ProcessExit', 'message': 'exit code ' + _str(WEXITSTATUS(status))}).encode()

    while True:
        request = read_line()
        answer = load(request) if request['op'] == 'load' else call(request)
        send(b'{"id":"' + request['id'].encode() + b'","r":' + answer + b'}\n')

_main()
`
