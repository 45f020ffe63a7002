/**
 * Runs an unmodified Python test file against a stub module, as text loaded like a candidate but without one candidate byte. `run`
 * takes the answers known so far and returns `('need', fn, args)` for the next one, `('report', tests)` or
 * `('cannot', why)`. It starts over each time: a fork has no memory of the last one, and the tests are deterministic or refused.
 */
export const SUITE_PROXY_HARNESS = `
import sys, types, unittest, builtins, math, contextlib, re

class _Need(BaseException): pass
class _Cannot(BaseException): pass
_state = {'answers': [], 'next': 0, 'need': None, 'cannot': None}

def _cannot(why):
    _state['cannot'] = _state['cannot'] or why
    raise _Cannot(why)

class _Proxy:
    def __init__(self, name): object.__setattr__(self, '_name', name)
    def __call__(self, *args, **kwargs):
        name = object.__getattribute__(self, '_name')
        if kwargs: _cannot('keyword arguments')
        if _state['need'] is not None: raise _Need()
        at = _state['next']
        _state['next'] += 1
        if at >= len(_state['answers']):
            _state['need'] = ('need', name, list(args))
            raise _Need()
        known, kind, *rest = _state['answers'][at]
        if known != name: _cannot('the tests do not ask the same twice')
        if kind == 'value': return rest[0]
        error = getattr(builtins, rest[0], None)
        if not (isinstance(error, type) and issubclass(error, Exception)): error = type(rest[0], (Exception,), {})
        try: instance = error(rest[1])
        except TypeError: instance = Exception(rest[1])
        raise instance
    def __getattr__(self, key): _cannot('use of ' + str(key) + ' of what is not only a function')
for _op in ('eq ne lt gt le ge add radd sub mul getitem iter len bool contains enter exit'.split()):
    setattr(_Proxy, '__%s__' % _op, lambda self, *a, _op=_op: _cannot('use as a value'))
_Proxy.__hash__ = object.__hash__

class _Stub(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith('__'): raise AttributeError(name)
        proxy = _Proxy(name)
        self.__dict__[name] = proxy
        return proxy

class _Approx:
    def __init__(self, value, rel=1e-6, abs=1e-12): self.value, self.rel, self.abs = value, rel, abs
    def __eq__(self, other):
        if isinstance(self.value, (list, tuple)):
            return len(self.value) == len(other) and all(_Approx(a, self.rel, self.abs) == b for a, b in zip(self.value, other))
        return math.isclose(self.value, other, rel_tol=self.rel, abs_tol=self.abs)

class _Raises:
    value = None
    def __init__(self, kinds, match=None): self.kinds, self.match = kinds, match
    def __enter__(self): return self
    def __exit__(self, kind, value, trace):
        if kind is None: raise AssertionError('nothing was raised')
        if not issubclass(kind, self.kinds): return False
        if self.match is not None and not re.search(self.match, str(value)): raise AssertionError('another message')
        self.value = value
        return True

def _raises(kinds, *args, match=None, **kwargs):
    if not args: return _Raises(kinds, match)
    with _Raises(kinds): args[0](*args[1:], **kwargs)

def _parametrize(names, values, **_):
    names = [n.strip() for n in names.split(',')] if isinstance(names, str) else list(names)
    def mark(function):
        rows = [dict(zip(names, v if len(names) > 1 else (v,))) for v in values]
        function._rows = [{**a, **b} for a in getattr(function, '_rows', [{}]) for b in rows]
        return function
    return mark

def _pytest():
    module = types.ModuleType('pytest')
    module.raises, module.approx = _raises, _Approx
    module.mark = types.SimpleNamespace(parametrize=_parametrize)
    module.fail = lambda reason='': (_ for _ in ()).throw(AssertionError(reason))
    module.__getattr__ = lambda name: _cannot('pytest.' + name)
    return module

class _Quiet(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.rows = []
    def _row(self, test, status, err=None):
        why = '' if err is None else ('%s: %s' % (err[0].__name__, err[1]))[:400]
        self.rows.append((test.id().removeprefix('test_suite.'), status, why))
    def addSuccess(self, test): self._row(test, 'pass')
    def addError(self, test, err): self._row(test, 'fail', err)
    def addFailure(self, test, err): self._row(test, 'fail', err)
    def addSkip(self, test, reason): self._row(test, 'skip')
    def addExpectedFailure(self, test, err): self._row(test, 'skip')
    def addUnexpectedSuccess(self, test): self._row(test, 'fail')
    def addSubTest(self, test, subtest, err):
        if err is not None: self._row(subtest, 'fail', err)

def run(answers, source, module_name, names):
    _state.update(answers=answers, next=0, need=None, cannot=None)
    stub = _Stub(module_name)
    stub.__all__ = names
    sys.modules[module_name] = stub
    sys.modules['pytest'] = _pytest()
    suite = types.ModuleType('test_suite')
    sys.modules['test_suite'] = suite
    result = _Quiet()
    try:
        exec(compile(source, 'test_suite.py', 'exec'), suite.__dict__)
        tests = []
        for name, value in list(suite.__dict__.items()):
            if isinstance(value, type) and issubclass(value, unittest.TestCase):
                tests.extend(unittest.defaultTestLoader.loadTestsFromTestCase(value))
            elif isinstance(value, types.FunctionType) and name.startswith('test'):
                for i, row in enumerate(getattr(value, '_rows', [{}])):
                    if set(row) != set(value.__code__.co_varnames[:value.__code__.co_argcount]): _cannot('a fixture')
                    case = unittest.FunctionTestCase(lambda value=value, row=row: value(**row))
                    case.id = lambda name=name, i=i: '%s[%d]' % (name, i)
                    tests.append(case)
            elif isinstance(value, type) and name.startswith('Test'): _cannot('a test class of pytest')
        for test in tests: test.run(result)
    except (_Need, _Cannot): pass
    except BaseException as error:
        if _state['need'] is None and _state['cannot'] is None: return ('cannot', 'the tests do not load: ' + type(error).__name__)
    if _state['cannot'] is not None: return ('cannot', _state['cannot'])
    if _state['need'] is not None: return _state['need']
    return ('report', result.rows)
`
