/**
 * Runs an unmodified Python test file against a stub module, as text loaded like a candidate but without one candidate byte. `run`
 * takes the answers known so far, each with the call it belongs to, and returns `('need', call)` for the next one,
 * `('report', rows, ids)`, `('unloadable', why)` or `('cannot', why)`. Invariants:
 *  1. It starts over each time, in a fork that has no memory of the last one; a call that is not the one recorded is refused.
 *  2. The stub has the names it was given and no others; whatever is done with one but calling it is refused, not guessed. What is no
 *     function is not even read, for nothing notices that `is` compares it.
 *  3. A test in which the code hung, ended its process or broke its channel has failed, whatever the test caught.
 *  4. Of an answer nothing is taken for an index, a key or a kind unless it is the one that the call itself gives. What a call returns, raises,
 *     changes or prints is all an answer can say, which is what code in this process could have done by itself.
 *  5. `ids` are the tests that were collected, `rows` what became of them: a test without a row did not pass.
 */
export const SUITE_PROXY_HARNESS = `
import sys, types, unittest, builtins, re

class _Need(BaseException): pass
class _Cannot(BaseException): pass
class _Dead(BaseException): pass
_state = {'answers': [], 'next': 0, 'need': None, 'cannot': None, 'dead': None, 'errors': {}, 'result': None, 'values': set()}
_scalars, _mutables = (type(None), bool, int, float, str, bytes), (list, dict, set)

def _cannot(why):
    _state['cannot'] = _state['cannot'] or why
    _stop()
    raise _Cannot(why)
def _stop():
    if _state['result'] is not None: _state['result'].shouldStop = True

def _children(value):
    return [x for pair in value.items() for x in pair] if type(value) is dict else list(value)
def _walk(value, seen, depth=0):
    t = type(value)
    if t in _scalars: return
    if depth > 15: _cannot('an argument that is too deep')
    if t in _mutables:
        if id(value) in seen: _cannot('an argument that is at two places')
        seen[id(value)] = value
    elif t is not tuple: _cannot('an argument of a type of its own')
    for x in _children(value): _walk(x, seen, depth + 1)
def _canon(value):
    t = type(value)
    if t in _scalars: return (t.__name__, repr(value))
    items = [_canon(x) for x in _children(value)]
    return (t.__name__, sorted(items) if t is set else items)

def _row(value, size):
    if type(value) not in (list, tuple) or (size is not None and len(value) != size): raise ValueError('a row')
    return value
def _text(value):
    if type(value) is not str: raise ValueError('a text')
    return value
def _old(at, olds):
    if type(at) is not int or not 0 <= at < len(olds): raise ValueError('an index')
    return olds[at]
def _unpack(packed, olds):
    tag, value = _row(packed, 2)
    if _text(tag) == 'v': return value
    if tag == 'r': return _old(value, olds)
    return _build(tag, [_unpack(x, olds) for x in _row(value, None)])
def _build(tag, items):
    if tag == 'dict':
        if len(items) % 2: raise ValueError('half an entry')
        return dict(zip(items[::2], items[1::2]))
    return {'list': list, 'tuple': tuple, 'set': set}[tag](items)
def _changes(rows, olds):
    found = []
    for row in _row(rows, None):
        at, tag, items = _row(row, 3)
        old = _old(at, olds)
        if _text(tag) != type(old).__name__ or any(old is known for known, _, _ in found): raise ValueError('a change')
        found.append((old, tag, _build(tag, [_unpack(x, olds) for x in _row(items, None)])))
    return found
def _change(old, tag, new):
    if tag == 'list': old[:] = new
    else:
        old.clear()
        old.update(new)

class _ErrorType(type):
    def __call__(cls, *args, **kwargs): _cannot('a test that makes an exception of the code')
    def __getattr__(cls, key): _of_an_error(cls, key)
def _of_an_error(self, key):
    if key.startswith('__'): raise AttributeError(key)
    _cannot('use of ' + key + ' of an exception')
def _error_class(mro):
    module, name = mro[0]
    if module == 'builtins':
        found = getattr(builtins, name, None)
        if isinstance(found, type) and issubclass(found, BaseException): return found
        _cannot('an exception that is not known here')
    if module != 'candidate': _cannot('an exception of a library')
    key = tuple(name for _, name in mro)
    if key not in _state['errors']:
        base = _error_class(mro[1:])
        if not {n for _, n in mro[1:]} <= {k.__name__ for k in base.__mro__}: _cannot('an exception of two kinds')
        _state['errors'][key] = _ErrorType(name, (base,), {'__module__': 'candidate', '__getattr__': _of_an_error})
    return _state['errors'][key]
def _error(mro, args, message):
    mro = [(_text(module), _text(name)) for module, name in [_row(kind, 2) for kind in _row(mro, None)]]
    _row(args, None)
    _text(message)
    kind = _error_class(mro)
    try: made = type.__call__(kind, *args)
    except TypeError: _cannot('an exception that cannot be made again')
    if str(made) != message: _cannot('an exception with a text of its own')
    if not isinstance(made, (Exception, SystemExit)): _cannot('an exception that ends the tests')
    return made

def _die(why):
    _state['dead'] = why
    raise _Dead(why)
def _ask(name, args, kwargs):
    if _state['need'] is not None: raise _Need()
    olds = {}
    _walk(args, olds)
    _walk(tuple(kwargs.values()), olds)
    call = (name, args, tuple(kwargs), tuple(kwargs.values()))
    at = _state['next']
    _state['next'] += 1
    if at >= len(_state['answers']):
        _state['need'] = ('need', call)
        _stop()
        raise _Need()
    known, answer = _state['answers'][at]
    if _canon(known) != _canon(call): _cannot('the tests do not ask the same twice')
    kind = answer[0]
    if kind == 'nothing': raise type('NotThere', (Exception,), {})('a stub')
    if kind == 'dead': _die(answer[1])
    objects = list(olds.values())
    failure = value = None
    try:
        _, found, changes, out, err = _row(answer, 5)
        _text(out) + _text(err)
        if kind == 'raised': failure = _error(*_row(found, 3))
        elif kind == 'value': value = _unpack(found, objects)
        else: raise ValueError(kind)
        for old, tag, new in _changes(changes, objects): _change(old, tag, new)
    except Exception as error: _die('its answer was malformed')
    sys.stdout.write(out)
    sys.stderr.write(err)
    if failure is not None: raise failure
    return value

class _Proxy:
    __slots__ = ('_name',)
    def __init__(self, name): object.__setattr__(self, '_name', name)
    def __call__(self, *args, **kwargs): return _ask(object.__getattribute__(self, '_name'), args, kwargs)
    def __getattribute__(self, key): _cannot('use of ' + str(key) + ' of what is not only a function')
    def __setattr__(self, key, value): _cannot('a test that sets ' + str(key))
    def __delattr__(self, key): _cannot('a test that deletes ' + str(key))
for _op in (
    'eq ne lt gt le ge add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor radd rsub rmul rmatmul rtruediv '
    'rfloordiv rmod rdivmod rpow rlshift rrshift rand ror rxor iadd isub imul imatmul itruediv ifloordiv imod ipow ilshift irshift '
    'iand ior ixor neg pos abs invert int float complex index round trunc floor ceil bool str repr bytes format len length_hint '
    'iter next reversed contains getitem setitem delitem missing enter exit aenter aexit aiter anext await get set delete set_name '
    'copy deepcopy reduce reduce_ex getstate sizeof dir fspath instancecheck subclasscheck mro_entries class_getitem buffer'
).split():
    setattr(_Proxy, '__%s__' % _op, lambda self, *a, **k: _cannot('use as a value'))
_Proxy.__hash__ = object.__hash__

# What an import reads of a module.
_imported = {'__spec__', '__path__', '__name__', '__package__', '__loader__', '__class__'}

class _Stub(types.ModuleType):
    def __getattribute__(self, key):
        if key == '__dict__': _cannot('use of the names of the module')
        if key in _state['values']: _cannot('use of ' + key + ' as a value')
        if key.startswith('__') and key not in _imported: _cannot('use of ' + key + ' of the module')
        return types.ModuleType.__getattribute__(self, key)
    def __setattr__(self, key, value): _cannot('a test that sets ' + str(key))
    def __delattr__(self, key): _cannot('a test that deletes ' + str(key))
def _stub(module_name, names):
    stub = _Stub(module_name)
    put = types.ModuleType.__setattr__
    for name, kind, mro in names:
        if not name.isidentifier() or name.startswith('__'): _cannot('a name that is none')
        if kind in ('function', 'error'): put(stub, name, _Proxy(name) if kind == 'function' else _error_class(mro))
        else: _state['values'].add(name)
    return stub

class _Approx:
    __hash__ = None
    def __init__(self, value, rel=None, abs=None, **kwargs):
        if kwargs: _cannot('an option of pytest.approx')
        if type(value) not in (int, float, list, tuple): _cannot('pytest.approx of another type')
        self.value, self.rel, self.abs = value, rel, abs
    def __eq__(self, other):
        if isinstance(self.value, (list, tuple)):
            if not isinstance(other, (list, tuple)) or len(self.value) != len(other): return False
            return all(_Approx(a, self.rel, self.abs) == b for a, b in zip(self.value, other))
        if type(other) not in (int, float): return self.value == other
        if self.value == other: return True
        if abs(self.value) == float('inf'): return False
        absolute = 1e-12 if self.abs is None else self.abs
        relative = 0 if self.rel is None and self.abs is not None else (1e-6 if self.rel is None else self.rel) * abs(self.value)
        return abs(self.value - other) <= max(absolute, relative)

class _Raises:
    def __init__(self, kinds, match=None): self.kinds, self.match_, self.value = kinds, match, None
    def __enter__(self): return self
    def __exit__(self, kind, value, trace):
        if kind is None: raise AssertionError('nothing was raised')
        if not issubclass(kind, self.kinds): return False
        self.value, self.type = value, kind
        if self.match_ is not None: self.match(self.match_)
        return True
    def match(self, pattern):
        if not re.search(pattern, str(self.value)): raise AssertionError('another message')
        return True
    def __getattr__(self, key): _cannot('use of ' + key + ' of pytest.raises')

def _raises(kinds, *args, **kwargs):
    if set(kwargs) - {'match'} or (args and kwargs): _cannot('an option of pytest.raises')
    found = _Raises(kinds, **kwargs)
    if not args: return found
    with found: args[0](*args[1:])
    return found

def _parametrize(names, values, ids=None, **kwargs):
    if kwargs: _cannot('an option of pytest.mark.parametrize')
    names = [n.strip() for n in names.split(',')] if isinstance(names, str) else list(names)
    values = [v if len(names) > 1 else (v,) for v in values]
    def mark(function):
        if type(function) is not types.FunctionType or any(len(v) != len(names) for v in values): _cannot('a parametrized class')
        rows = [dict(zip(names, v)) for v in values]
        function._rows = [{**a, **b} for a in getattr(function, '_rows', [{}]) for b in rows]
        return function
    return mark

class _Marks:
    parametrize = staticmethod(_parametrize)
    def __getattr__(self, key): _cannot('pytest.mark.' + key)
def _fail(reason='', pytrace=True): raise AssertionError(reason)
def _pytest():
    module = types.ModuleType('pytest')
    module.raises, module.approx, module.mark, module.fail = _raises, _Approx, _Marks(), _fail
    module.__getattr__ = lambda name: _cannot('pytest.' + name)
    return module

def _nameof(test): return test.id().replace('test_suite.', '', 1)
class _Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.rows = []
    def startTest(self, test):
        super().startTest(test)
        _state['dead'] = None
    def _row(self, test, status, err=None):
        why = '' if err is None else ('%s: %s' % (err[0].__name__, err[1]))[:400]
        if _state['dead'] is not None: status, why = 'fail', _state['dead']
        self.rows.append((_nameof(test), status, why))
    def addSuccess(self, test): self._row(test, 'pass')
    def addError(self, test, err): self._row(test, 'fail', err)
    def addFailure(self, test, err): self._row(test, 'fail', err)
    def addSkip(self, test, reason): self._row(test, 'skip')
    def addExpectedFailure(self, test, err): self._row(test, 'skip')
    def addUnexpectedSuccess(self, test): self._row(test, 'fail')
    def addSubTest(self, test, subtest, err):
        if err is not None: self._row(subtest, 'fail', err)

# A coroutine or generator that nobody runs has tested nothing.
def _call(self, method):
    if method() is not None: _cannot('a test that returns something')
unittest.TestCase._callTestMethod = _call

def _function_cases(owner, name, function):
    label = name if owner is None else owner.__name__ + '::' + name
    wanted = list(function.__code__.co_varnames[:function.__code__.co_argcount])[0 if owner is None else 1:]
    if function.__code__.co_kwonlyargcount or function.__defaults__: _cannot('a test with defaults')
    for i, row in enumerate(getattr(function, '_rows', [{}])):
        if set(row) != set(wanted): _cannot('a fixture')
        def run_row(row=row):
            if (function(**row) if owner is None else function(owner(), **row)) is not None: _cannot('a test that returns something')
        case = unittest.FunctionTestCase(run_row)
        case.id = lambda i=i: '%s[%d]' % (label, i)
        yield case
def _class_cases(owner):
    for key, value in list(vars(owner).items()):
        if key.lower().startswith(('setup', 'teardown')) or key in ('__init__', '__new__', '__test__', 'pytestmark'): _cannot('a fixture')
        if key.startswith('test'):
            if type(value) is not types.FunctionType: _cannot('a test that is not a plain method')
            yield from _function_cases(owner, key, value)

def _collect(space, framework):
    suites, plain, cases = [], [], []
    fixtures = {'setup_module', 'teardown_module', 'setup_function', 'teardown_function', 'setup', 'teardown', 'pytestmark'}
    if 'load_tests' in space: _cannot('load_tests')
    if framework == 'pytest' and fixtures & set(space): _cannot('a fixture')
    for name in sorted(space) if framework == 'unittest' else list(space):
        value = space[name]
        if type(value) is _Proxy: continue
        if issubclass(type(value), type):
            if value in (unittest.TestCase, unittest.FunctionTestCase): continue
            if issubclass(value, unittest.TestCase):
                if any(k.__name__ == 'IsolatedAsyncioTestCase' for k in value.__mro__): _cannot('an asynchronous test')
                suites.append(unittest.defaultTestLoader.loadTestsFromTestCase(value))
            elif framework == 'pytest' and name.startswith('Test'):
                if value.__bases__ != (object,) or type(value) is not type: _cannot('a test class with a base')
                plain.extend(_class_cases(value))
                suites.append(unittest.TestSuite(plain))
                plain = []
        elif framework == 'pytest' and name.startswith('test'):
            if type(value) is not types.FunctionType: _cannot('a test that is not a plain function')
            suites.append(unittest.TestSuite(_function_cases(None, name, value)))
    for suite in suites: cases.extend(suite)
    if {'setUpModule', 'tearDownModule'} & set(space) and any(type(c) is unittest.FunctionTestCase for c in cases): _cannot('a fixture')
    return unittest.TestSuite(suites), [_nameof(case) for case in cases]

def run(answers, source, module_name, names, framework):
    _state.update(answers=answers, next=0, need=None, cannot=None, dead=None, errors={}, result=None, values=set())
    result, ids = _Result(), []
    why = None
    try:
        sys.modules[module_name] = _stub(module_name, names)
        sys.modules['pytest'] = _pytest()
        suite = types.ModuleType('test_suite')
        suite.__file__ = '/box/test_suite.py'
        sys.modules['test_suite'] = suite
        try:
            exec(compile(source, 'test_suite.py', 'exec'), suite.__dict__)
            tests, ids = _collect(suite.__dict__, framework)
        except Exception as error: why = ('%s: %s' % (type(error).__name__, error))[:400]
        _state['result'] = result
        if why is None: tests.run(result)
    except (_Need, _Cannot): pass
    except _Dead as error: why = why or (None if ids else str(error))
    except BaseException as error:
        if _state['need'] is None and _state['cannot'] is None: return ('cannot', 'the tests end with ' + type(error).__name__)
    if _state['cannot'] is not None: return ('cannot', _state['cannot'])
    if _state['need'] is not None: return _state['need']
    if why is not None: return ('unloadable', why)
    return ('report', result.rows, ids)
`
