import { expect, test } from 'vitest'
import type { SuiteFramework, SuiteReport } from '../../../src/domain/suite.ts'
import { prepareJavaScript, preparePython } from '../../../src/sandbox/suite/reach.ts'
import { runSuite } from '../../../src/sandbox/suite/runner.ts'
import { describeInSandbox } from '../../support/this-machines-sandbox.ts'

/** A unittest file whose one class has `body`, indented by four. */
const unit = (names: string, body: string): string =>
  `import unittest\nimport solution\nfrom solution import ${names}\nclass T(unittest.TestCase):\n${body.replace(/^/gm, '    ')}\n`

/** Each: what it shows, the code, the tests, grade and passed, and what the reasons must say. */
type Case = readonly [string, string, string, SuiteReport['grade'], boolean, RegExp?]

const ANY_RAISE = unit(
  'add',
  'def test_none(self):\n    with self.assertRaises(Exception): add(None, 1)\ndef test_sum(self): self.assertEqual(add(1, 2), 3)',
)
const SUM = 'def test_sum(self): self.assertEqual(add(1, 2), 3)\n'
const SUMS = unit('add', SUM)
const SORTS_A_COPY = unit(
  'top',
  'def test_top(self):\n    xs = [3, 1]\n    self.assertEqual(top(xs), 1)\n    self.assertEqual(xs, [3, 1])',
)
const IN_PLACE = unit(
  'fix',
  'def test_fix(self):\n    m = {"a": [2, 1], "b": {1}}\n    inner = m["a"]\n    self.assertIs(fix(m), m)\n    self.assertEqual(inner, [1, 2])\n    self.assertEqual(m, {"a": [1, 2], "c": 3})',
)
const COUNTER = unit('bump', 'def test_bump(self):\n    self.assertEqual(bump(), 1)\n    self.assertEqual(bump(), 2)')
const PUSH = unit('push', 'def test_push(self):\n    self.assertEqual(push(1), [1])\n    self.assertEqual(push(2), [2])')
const GRID = unit('grid', 'def test_rows(self):\n    g = grid(2)\n    g[0][0] = 1\n    self.assertEqual(g, [[1, 0], [0, 0]])')

const WRONG_PROGRAMS: readonly Case[] = [
  [
    'a call that hangs is no exception',
    'def add(a, b):\n    while a is None: pass\n    return a + b\n',
    ANY_RAISE,
    'verified',
    false,
    /took too long/,
  ],
  [
    'a call that ends its process is no exception',
    'import os\ndef add(a, b):\n    if a is None: os._exit(1)\n    return a + b\n',
    ANY_RAISE,
    'verified',
    false,
    /ended its process/,
  ],
  [
    'a call that breaks its channel is no exception',
    'import os\nfd = os.dup(6)\ndef add(a, b):\n    if a is None: os.write(fd, b"x\\n")\n    return a + b\n',
    ANY_RAISE,
    'verified',
    false,
    /broke the channel/,
  ],
  [
    'an argument that was changed is changed in the test too',
    'def top(xs):\n    xs.sort()\n    return xs[0]\n',
    SORTS_A_COPY,
    'verified',
    false,
  ],
  [
    'a default that is kept between calls is left to the other channel',
    'def push(x, xs=[]):\n    xs.append(x)\n    return xs\n',
    PUSH,
    'forgeable',
    false,
    /keeps/,
  ],
  [
    'one list at two places of a result is left to the other channel',
    'def grid(n): return [[0] * n] * n\n',
    GRID,
    'forgeable',
    false,
    /two places/,
  ],
  [
    'a constant that is None where the tests want it not to be',
    'LIMIT = None\ndef add(a, b): return a + b\n',
    unit('add, LIMIT', `${SUM}def test_limit(self): self.assertIsNotNone(LIMIT)`),
    'forgeable',
    false,
    /LIMIT as a value/,
  ],
  [
    'the same of the module',
    'LIMIT = None\ndef add(a, b): return a + b\n',
    unit('add', `${SUM}def test_limit(self): assert solution.LIMIT is not None`),
    'forgeable',
    false,
    /LIMIT as a value/,
  ],
  ['a count that starts over is wrong', 'def bump(): return 1\n', COUNTER, 'verified', false],
  ['a name that is not there fails the import', 'def other(): pass\n', ANY_RAISE, 'verified', false, /ImportError/],
  [
    'an exception with another base is not the one asked for',
    'class E(KeyError): pass\ndef get(k): raise E(k)\n',
    unit('get', 'def test_get(self):\n    with self.assertRaises(ValueError): get("a")'),
    'verified',
    false,
  ],
]

const RIGHT_PROGRAMS: readonly Case[] = [
  ['an argument left alone', 'def top(xs): return min(xs)\n', SORTS_A_COPY, 'verified', true],
  [
    'arguments changed in place, at any depth, and given back',
    'def fix(m):\n    m["a"].sort()\n    del m["b"]\n    m["c"] = 3\n    return m\n',
    IN_PLACE,
    'verified',
    true,
  ],
  ['a module with a state', 'n = 0\ndef bump():\n    global n\n    n += 1\n    return n\n', COUNTER, 'verified', true],
  ['a fresh default', 'def push(x, xs=None): return (xs or []) + [x]\n', PUSH, 'verified', true],
  ['rows of their own', 'def grid(n): return [[0] * n for _ in range(n)]\n', GRID, 'verified', true],
  [
    'class and module fixtures',
    'def start(): return [1]\n',
    `${unit('start', '@classmethod\ndef setUpClass(cls): cls.xs = start()\ndef test_a(self): self.assertEqual(self.xs, [1])\ndef test_b(self): self.assertEqual(self.xs + base, [1, 1])')}def setUpModule():\n    global base\n    base = start()\n`,
    'verified',
    true,
  ],
  [
    'what it prints, captured by the tests',
    'def hi(): print("hi")\n',
    unit(
      'hi',
      'def test_hi(self):\n    import io, contextlib\n    with contextlib.redirect_stdout(io.StringIO()) as out: hi()\n    self.assertEqual(out.getvalue(), "hi\\n")',
    ),
    'verified',
    true,
  ],
  [
    'exceptions of its own, and of builtin kinds with their arguments',
    'class Bad(ValueError): pass\ndef get(k):\n    if k == 1: raise Bad("one")\n    if k == 2: raise SystemExit(2)\n    return {}[k]\n',
    unit(
      'get, Bad',
      'def test_get(self):\n    with self.assertRaisesRegex(Bad, "one"): get(1)\n    with self.assertRaises(ValueError): get(1)\n    with self.assertRaises(SystemExit) as c: get(2)\n    self.assertEqual(c.exception.code, 2)\n    with self.assertRaises(KeyError) as c: get("a")\n    self.assertEqual(c.exception.args, ("a",))',
    ),
    'verified',
    true,
  ],
  ...[
    'list = [1]\nid = 5\ndict = {}\ntype = "x"\nstr = "a"\nzip = None\ntuple = ()\nany = all = 1\nset = {1}\nint = float = bool = bytes = 5\n',
    'len = 3\ncallable = isinstance = issubclass = 1\nException = BaseException = object = 1\nsum = max = SystemExit = 0\ndef enumerate(x): return []\n',
  ].map((own): Case => ['names that are also those of builtins', `${own}def add(a, b): return a + b\n`, SUMS, 'verified', true]),
  [
    'keyword arguments',
    'def area(w, *, h=1): return w * h\n',
    unit('area', 'def test_area(self): self.assertEqual(area(2, h=3), 6)'),
    'verified',
    true,
  ],
  [
    'a test that asks what the module has',
    'def add(a, b): return a + b\n',
    unit('add', 'def test_has(self):\n    self.assertFalse(hasattr(solution, "nothing"))\n    self.assertEqual(add(1, 2), 3)'),
    'verified',
    true,
  ],
  [
    'a test that puts something into the module',
    'def now(): return 1\ndef later(): return now() + 1\n',
    unit('later', 'def test_later(self):\n    solution.now = lambda: 5\n    self.assertEqual(later(), 6)'),
    'forgeable',
    true,
    /sets now/,
  ],
  [
    'a test that asks with other values each time',
    'def same(x): return x\n',
    unit('same', 'def test_same(self):\n    import time\n    now = time.perf_counter()\n    self.assertEqual(same(now), now)'),
    'forgeable',
    true,
    /ask the same twice/,
  ],
  [
    'a test that uses a value of the module as one',
    'def name(): return "x"\nNAME = "n"\n',
    unit('name, NAME', 'def test_name(self): self.assertEqual("%s%s" % (NAME, name()), "nx")'),
    'forgeable',
    true,
    /as a value/,
  ],
  [
    'a test that asks whether a value of the module is None',
    'DEFAULT = None\ndef add(a, b): return a + b\n',
    unit('add, DEFAULT', `${SUM}def test_default(self): assert DEFAULT is None`),
    'forgeable',
    true,
    /DEFAULT as a value/,
  ],
  [
    'a test that asks of which class a result is',
    'from enum import Enum\nclass Color(Enum):\n    RED = 1\ndef add(a, b): return a + b\n',
    unit('add, Color', `${SUM}def test_class(self): self.assertIs(type(Color), type(Color.RED).__class__)`),
    'forgeable',
    true,
    /Color as a value/,
  ],
  [
    'a test that asks for what an exception class of the module has',
    'class Bad(ValueError): CODE = 3\ndef add(a, b): return a + b\n',
    unit('add, Bad', `${SUM}def test_code(self): self.assertEqual(Bad.CODE, 3)`),
    'forgeable',
    true,
    /CODE of an exception/,
  ],
  [
    'a test that asks for what the module says of itself',
    '"""Sums."""\n__version__ = "1"\ndef add(a, b): return a + b\n',
    unit('add', `${SUM}def test_doc(self): self.assertEqual((solution.__doc__, solution.__version__), ("Sums.", "1"))`),
    'forgeable',
    true,
    /__doc__ of the module/,
  ],
  [
    'names taken with a star, which could be those of the tests',
    'def add(a, b): return a - b\ndef abs(x): return 0\n',
    unit('add', 'def test_add(self): self.assertEqual(abs(add(1, 2) - 3), 0)').replace('import add', 'import *'),
    'forgeable',
    true,
    /solution import \*/,
  ],
  [
    'a test with a patch',
    'import random\ndef roll(): return random.randint(1, 6)\n',
    unit(
      'roll',
      'def test_roll(self):\n    from unittest import mock\n    with mock.patch("random.randint", lambda a, b: 7): self.assertEqual(roll(), 7)',
    ),
    'forgeable',
    true,
    /mock/,
  ],
]

const MORE: readonly Case[] = [
  [
    'a coroutine nobody awaits has tested nothing',
    'def add(a, b): return 0\n',
    unit('add', 'async def test_add(self): self.assertEqual(add(1, 2), 3)\ndef test_zero(self): self.assertEqual(add(0, 0), 0)'),
    'forgeable',
    false,
    /fail: T\.test_add/,
  ],
  [
    'a generator nobody runs has tested nothing',
    'def add(a, b): return 0\n',
    unit(
      'add',
      'def test_add(self):\n    yield\n    self.assertEqual(add(1, 2), 3)\ndef test_zero(self): self.assertEqual(add(0, 0), 0)',
    ),
    'forgeable',
    false,
    /fail: T\.test_add/,
  ],
  [
    'tests of the same name in two classes are two tests',
    'def add(a, b): return 3\n',
    `import unittest\nfrom solution import add\nclass A(unittest.TestCase):\n    def test_it(self): self.assertEqual(add(1, 2), 3)\nclass B(unittest.TestCase):\n    def test_it(self): self.assertEqual(add(2, 2), 4)\n`,
    'verified',
    false,
    /^fail: B\.test_it$/,
  ],
]

const PYTEST: readonly Case[] = [
  [
    'classes, parametrised methods, approx and raises',
    'def half(x):\n    if x < 0: raise ValueError("negative")\n    return x / 2\n',
    'import pytest\nfrom solution import half\nclass TestHalf:\n    @pytest.mark.parametrize("x, y", [(1, .5), (0.3, .15)])\n    def test_half(self, x, y): assert half(x) == pytest.approx(y)\n    def test_bad(self):\n        with pytest.raises(ValueError, match="neg") as e: half(-1)\n        assert "negative" in str(e.value)\n',
    'verified',
    true,
  ],
  [
    'an absolute tolerance alone is no relative one',
    'def big(): return 1000000.5\n',
    'import pytest\nfrom solution import big\ndef test_big(): assert big() == pytest.approx(1000000, abs=0.01)\n',
    'verified',
    false,
  ],
]

await describeInSandbox('the call proxy', (sandbox) => {
  const run = async (code: string, tests: string, framework: SuiteFramework = 'unittest'): Promise<SuiteReport> => {
    const names = [...(/from solution import (?!\*)(.*)/.exec(tests)?.[1] ?? 'add').split(/,\s*/)]
    const candidate = { language: 'python', code, entryPoint: names[0] ?? '', seed: 1 } as const
    return runSuite(sandbox(), { framework, candidate, moduleName: 'solution', names, tests })
  }
  const check = async ([, code, tests, grade, passed, reason]: Case, framework?: SuiteFramework): Promise<void> => {
    const report = await run(code, tests, framework)
    expect({ grade: report.grade, passed: report.passed, reasons: report.reasons }).toEqual({
      grade,
      passed,
      reasons: expect.anything(),
    })
    if (reason !== undefined) expect(report.reasons.join('\n')).toMatch(reason)
    if (grade === 'verified' && passed) expect(report.reasons).toEqual([])
  }

  test.each(WRONG_PROGRAMS.map((row) => [row[0], row] as const))('wrong code does not pass: %s', (_, row) => check(row))
  test.each(RIGHT_PROGRAMS.map((row) => [row[0], row] as const))('right code passes: %s', (_, row) => check(row))
  test.each(MORE.map((row) => [row[0], row] as const))('%s', (_, row) => check(row))
  test.each(PYTEST.map((row) => [row[0], row] as const))('pytest: %s', (_, row) => check(row, 'pytest'))

  test('a run that was cancelled says nothing of the code', async () => {
    const names = ['add']
    const candidate = { language: 'python', code: 'def add(a, b): return a + b\n', entryPoint: 'add', seed: 1 } as const
    const signal = AbortSignal.abort()
    expect(
      await runSuite(sandbox(), { framework: 'unittest', candidate, moduleName: 'solution', names, tests: ANY_RAISE, signal }),
    ).toMatchObject({ grade: 'unverified', passed: false })
  })
})

test('tests that reach past the calls of the code are told from those that do not', () => {
  const fine = 'import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\nfrom solution import open_door\n'
  expect(preparePython(fine, 'solution')).toEqual({ tests: fine })
  for (const star of ['from solution import *', 'from  .solution import*', 'from a.solution\\\n  import \\\n*'])
    expect(preparePython(star, 'solution')).toEqual({ cannot: 'solution import *' })
  expect(preparePython('from math import *', 'solution')).toEqual({ tests: 'from math import *' })
  expect(preparePython('sys.stdin = x', 'solution')).toEqual({ cannot: 'sys.stdin' })
  expect(preparePython('import io, tempfile', 'solution')).toEqual({ cannot: 'tempfile' })
  expect(preparePython('    from unittest.mock import patch', 'solution')).toEqual({ cannot: 'mock' })
  expect(preparePython('with open(path) as f: pass', 'solution')).toEqual({ cannot: 'open(' })
  expect(prepareJavaScript("import test from 'node:test'\nimport {\n  add,\n} from './m.mjs'\n", 'm')).toEqual({
    tests: "import test from './framework.mjs'\nimport {\n  add,\n} from './m.mjs'\n",
  })
  expect(prepareJavaScript("import fs from 'node:fs'\n", 'm')).toEqual({ cannot: 'node:fs' })
  expect(prepareJavaScript("console.log('x')", 'm')).toEqual({ cannot: 'console' })
})
