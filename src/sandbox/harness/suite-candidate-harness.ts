/**
 * Returns Python to put behind a candidate's code: one function, called `name`, through which the suite's calls reach the code. What it
 * returns is a claim of the candidate's process. Invariants:
 *  1. The calls run in order, in this one process. Each yields `('value', packed, changes, out, err)`,
 *     `('raised', (kinds, args, message), changes, out, err)`, or `('odd', why)` where a copy of the values would not tell the truth.
 *  2. Packed values say where an argument came back, as a reference by its number; `changes` are the new contents of arguments that
 *     were changed. So the tests' own objects can be brought to the same state.
 *  3. Odd is what two processes cannot share: types of their own, one list at two places, an argument or result that the code keeps.
 *  4. It shares the code's module, but no name of it: a program may call its own list `list`.
 */
export function pythonSuiteCaller(name: string): string {
  return `
def ${name}(op, calls):
    import sys, io, gc
    from builtins import BaseException, Exception, SystemExit, all, any, bool, bytes, callable, dict, enumerate, float, id, int
    from builtins import isinstance, issubclass, len, list, object, set, str, tuple, type, zip
    space = ${name}.__globals__
    scalars, mutables = (type(None), bool, int, float, str, bytes), (list, dict, set)
    class Odd(Exception): pass

    def kinds(error):
        return [(k.__module__, k.__name__) for k in error.__mro__ if k is not object]
    if op == 'names':
        rows = []
        for key, value in list(space.items()):
            if type(key) is not str or key.startswith('__') or key == '${name}': continue
            if not isinstance(value, type): rows.append((key, 'function' if callable(value) else 'value', []))
            elif issubclass(value, BaseException): rows.append((key, 'error', kinds(value)))
            else: rows.append((key, 'class', []))
        return rows[:500]

    def children(value):
        return [x for pair in value.items() for x in pair] if type(value) is dict else list(value)
    def walk(value, seen, depth=0):
        t = type(value)
        if t in scalars: return
        if depth > 15: raise Odd('a value that is too deep')
        if t in mutables:
            if id(value) in seen: raise Odd('a value that is at two places')
            seen[id(value)] = value
        elif t is not tuple: raise Odd('a value of a type of its own')
        for x in children(value): walk(x, seen, depth + 1)
    def counts(value):
        seen = {}
        walk(value, seen)
        return [sys.getrefcount(x) for x in seen.values()]
    usual = [0, 0]
    def is_result_kept(value, is_top):
        found = counts(value)
        if not usual[0]: usual[:] = found
        return (is_top and found.pop(0) > usual[0]) or any(x > usual[1] for x in found)
    def calibrate():
        value = [[]]
        is_result_kept(value, True)
    calibrate()

    crossed, rows = {}, []
    for fn, args, keys, values in calls:
        olds = {}
        walk(args, olds)
        walk(values, olds)
        index = {key: at for at, key in enumerate(olds)}
        before = [children(x) for x in olds.values()]
        extra, seen = [0] * len(index), {}
        def references(): return [sys.getrefcount(x) for x in olds.values()]
        held = references()

        def pack(value):
            t = type(value)
            if t in scalars: return ('v', value)
            at = index.get(id(value))
            if at is not None:
                extra[at] += 1
                return ('r', at)
            if t in mutables:
                if id(value) in seen or id(value) in crossed: raise Odd('a value that is at two places')
                seen[id(value)] = value
            elif t is not tuple: raise Odd('a value of a type of its own')
            if len(seen) > 20000: raise Odd('a value that is too large')
            items = [pack(x) for x in children(value)]
            return ('v', value) if all(tag == 'v' for tag, _ in items) else (t.__name__, items)

        def lose(value):
            if id(value) in index: extra[index[id(value)]] -= 1
            elif type(value) is tuple:
                for x in value: lose(x)
        def changed():
            found = []
            for at, (old, was) in enumerate(zip(olds.values(), before)):
                now = children(old)
                if len(now) == len(was) and all(a is b for a, b in zip(now, was)): continue
                for x in was: lose(x)
                found.append((at, type(old).__name__, [pack(x) for x in now]))
            return found

        def is_kept():
            return any(now > was + more for now, was, more in zip(references(), held, extra))

        stdout, stderr, out, err = sys.stdout, sys.stderr, io.StringIO(), io.StringIO()
        try:
            value = failure = None
            sys.stdout, sys.stderr = out, err
            try: value = space[fn](*args, **dict(zip(keys, values)))
            except Exception as error: failure = (kinds(type(error)), error.args, str(error))
            except SystemExit as error: failure = (kinds(type(error)), error.args, str(error))
            finally: sys.stdout, sys.stderr = stdout, stderr
            if failure is None:
                known = {}
                walk(value, known)
                if not any(key in index for key in known):
                    known = None
                    if is_result_kept(value, type(value) in mutables): raise Odd('a result that the code keeps')
                known = None
                row = ['value', pack(value)]
            else:
                walk(failure[1], {})
                packed = pack(failure[1])
                if packed[0] != 'v': raise Odd('an exception that holds an argument')
                row = ['raised', failure]
            row.append(changed())
            if is_kept():
                gc.collect()
                if is_kept(): raise Odd('an argument that the code keeps')
            if len(out.getvalue()) + len(err.getvalue()) > 20000: raise Odd('much output')
            row += [out.getvalue(), err.getvalue()]
            rows.append(tuple(row))
        except Odd as odd: rows.append(('odd', str(odd)))
        crossed.update(seen)
        crossed.update(olds)
    return rows
`
}

/**
 * Returns a JavaScript module that imports the candidate, `program`, itself the text of an ES module, and calls it: the same as
 * `pythonSuiteCaller`, but that all calls share one process, so state needs no repeating. Nothing here can see who holds an object; instead every object that crossed is looked at again after
 * each call, and one that changed when it should not have is odd.
 */
export function javascriptSuiteCaller(name: string, program: string): string {
  return `
import { writeFileSync } from 'node:fs'
// Taken before the candidate can put something else in their place.
const { Array, Error, EvalError, Function, Map, Object, RangeError, ReferenceError, Reflect, Set, String, SyntaxError, TypeError, URIError } = globalThis
writeFileSync('/scratch/program.mjs', ${JSON.stringify(program)})
const space = await import('file:///scratch/program.mjs')
const crossed = new Map()
export async function ${name}(op, calls) {
  const kindOf = (value) =>
    typeof value === 'function' && !/^class\\b/.test(Function.prototype.toString.call(value)) ? 'function' : 'value'
  if (op === 'names') return calls.filter((key) => key in space).map((key) => [key, kindOf(space[key]), []])
  class Odd extends Error {}
  const children = (value) => (Array.isArray(value) ? value : Object.entries(value).flat())
  const isSame = (a, b) => a.length === b.length && a.every((x, at) => Object.is(x, b[at]))
  const isScalar = (value) => value === null || ['undefined', 'boolean', 'number', 'string'].includes(typeof value)
  const check = (value) => {
    const shape = typeof value === 'object' ? Object.getPrototypeOf(value) : null
    const keys = Reflect.ownKeys(Object(value)).filter((key) => !(Array.isArray(value) && key === 'length'))
    if (shape !== Object.prototype && shape !== Array.prototype) throw new Odd('a value of a type of its own')
    if (Array.isArray(value) !== (shape === Array.prototype)) throw new Odd('a value of a type of its own')
    for (const key of keys) {
      const { enumerable, configurable, writable } = Object.getOwnPropertyDescriptor(value, key)
      if (typeof key !== 'string' || !enumerable || !configurable || !writable) throw new Odd('a value of a type of its own')
    }
    if (!Object.isExtensible(value)) throw new Odd('a value that is frozen')
    if (Array.isArray(value) && (keys.length !== value.length || keys.some((key, at) => key !== String(at)))) throw new Odd('an array with holes')
  }
  const walk = (value, seen, depth = 0) => {
    if (isScalar(value)) return
    if (depth > 15) throw new Odd('a value that is too deep')
    check(value)
    if (seen.includes(value)) throw new Odd('a value that is at two places')
    seen.push(value)
    for (const x of children(value)) walk(x, seen, depth + 1)
  }
  const answer = ([fn, args]) => {
    const olds = []
    for (const arg of args) walk(arg, olds)
    const before = olds.map((old) => [...children(old)])
    const index = new Map(olds.map((old, at) => [old, at]))
    const seen = new Set()
    const pack = (value, depth = 0) => {
      if (isScalar(value)) return ['v', value]
      if (index.has(value)) return ['r', index.get(value)]
      if (depth > 15 || seen.size > 20000) throw new Odd('a value that is too large')
      check(value)
      if (seen.has(value) || crossed.has(value)) throw new Odd('a value that is at two places')
      seen.add(value)
      const items = children(value).map((x) => pack(x, depth + 1))
      return items.every(([tag]) => tag === 'v') ? ['v', value] : [Array.isArray(value) ? 'list' : 'dict', items]
    }
    let row
    try { row = ['value', space[fn](...args)] } catch (error) { row = ['raised', error] }
    if (row[0] === 'value') row[1] = pack(row[1])
    else {
      const kinds = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]
      const error = row[1]
      const kind = kinds.find((each) => error !== null && typeof error === 'object' && Object.getPrototypeOf(error) === each.prototype)
      const isOwn = kind === undefined || Reflect.ownKeys(error).some((key) => key !== 'stack' && key !== 'message')
      if (isOwn || typeof error.message !== 'string') throw new Odd('an exception of a type of its own')
      row[1] = [kind.name, error.message]
    }
    const changes = []
    olds.forEach((old, at) => {
      check(old)
      const now = children(old)
      if (!isSame(now, before[at])) changes.push([at, Array.isArray(old) ? 'list' : 'dict', now.map((x) => pack(x))])
    })
    for (const [object, was] of crossed) if (!isSame(children(object), was)) throw new Odd('a value that the code changes later')
    for (const object of [...olds, ...seen]) crossed.set(object, [...children(object)])
    return [...row, changes, '', '']
  }
  return calls.map((call) => {
    try { return answer(call) } catch (error) {
      if (error instanceof Odd) return ['odd', error.message]
      throw error
    }
  })
}
`
}
