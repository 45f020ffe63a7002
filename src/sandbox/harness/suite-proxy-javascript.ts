/**
 * The same as `SUITE_PROXY_HARNESS` for a JavaScript test file: `run` imports it with its framework and the module under test replaced by
 * stand-ins, and runs the tests one after the other. What the stand-ins do not do exactly as node:test and vitest do is refused.
 * The process stays: each run imports files of a new name. Beside the invariants there:
 *  6. An object that crossed and that the tests change before the next call is refused: the code may have kept it.
 *  7. A name that is no function is refused before the tests run: nothing notices that `===` or `typeof` reads it, and it may change.
 *  8. What every object inherits cannot change unnoticed, but for `Math`, which the seed is set in; each of its keys can still be an
 *     object's own.
 */
export const SUITE_PROXY_JAVASCRIPT = `
import assert from 'node:assert'
import { mkdirSync, writeFileSync } from 'node:fs'
let state
let turn = 0
class Need extends Error {}
class Cannot extends Error {}
class Dead extends Error {}
const cannot = (why) => {
  state.cannot ??= why
  throw new Cannot(why)
}
const isScalar = (value) => value === null || ['undefined', 'boolean', 'number', 'string'].includes(typeof value)
const children = (value) => (Array.isArray(value) ? value : Object.entries(value).flat())
const isSame = (a, b) => a.length === b.length && a.every((x, at) => Object.is(x, b[at]))
const isPlain = (value, seen = []) => {
  if (isScalar(value)) return true
  if (typeof value !== 'object' || seen.length > 20000 || seen.includes(value)) return false
  const keys = Reflect.ownKeys(value)
  if (Object.getPrototypeOf(value) !== (Array.isArray(value) ? Array.prototype : Object.prototype) || !Object.isExtensible(value)) return false
  if (Array.isArray(value) && (keys.length !== value.length + 1 || value.some((_, at) => keys[at] !== String(at)))) return false
  for (const key of keys) {
    if (Array.isArray(value) && key === 'length') continue
    const { enumerable, configurable, writable } = Object.getOwnPropertyDescriptor(value, key)
    if (typeof key !== 'string' || !enumerable || !configurable || !writable) return false
  }
  seen.push(value)
  return children(value).every((x) => isPlain(x, seen))
}
// With the order of keys, and with what JSON would lose.
const canon = (value) =>
  Array.isArray(value) ? '[' + value.map(canon).join() + ']'
  : value !== null && typeof value === 'object' ? '{' + Object.entries(value).map(([k, v]) => JSON.stringify(k) + canon(v)).join() + '}'
  : typeof value === 'string' ? JSON.stringify(value) : Object.is(value, -0) ? '-0' : String(value)
class Malformed extends Error {}
const check = (isTrue) => {
  if (!isTrue) throw new Malformed()
}
const rowOf = (value, size) => {
  check(Array.isArray(value) && (size === undefined || value.length === size))
  return value
}
const textOf = (value) => {
  check(typeof value === 'string')
  return value
}
const oldOf = (at, olds) => {
  check(Number.isSafeInteger(at) && at >= 0 && at < olds.length)
  return olds[at]
}
const build = (tag, items) => {
  if (tag === 'list') return items
  check(tag === 'dict' && items.length % 2 === 0)
  const object = {}
  for (let at = 0; at < items.length; at += 2)
    Object.defineProperty(object, textOf(items[at]), { value: items[at + 1], writable: true, enumerable: true, configurable: true })
  return object
}
const unpack = (packed, olds) => {
  const [tag, value] = rowOf(packed, 2)
  if (tag === 'r') return oldOf(value, olds)
  if (tag !== 'v') return build(tag, rowOf(value).map((x) => unpack(x, olds)))
  check(isPlain(value))
  return value
}
const changesOf = (rows, olds) => {
  const found = new Map()
  for (const row of rowOf(rows)) {
    const [at, tag, items] = rowOf(row, 3)
    const old = oldOf(at, olds)
    check(tag === (Array.isArray(old) ? 'list' : 'dict') && !found.has(old))
    found.set(old, build(tag, rowOf(items).map((x) => unpack(x, olds))))
  }
  return found
}
const change = (old, now) => {
  for (const key of Object.keys(old)) delete old[key]
  if (Array.isArray(old)) {
    old.length = 0
    for (const item of now) old.push(item)
  } else Object.defineProperties(old, Object.getOwnPropertyDescriptors(now))
}
const die = (why) => {
  state.dead = why
  throw new Dead(why)
}
const KINDS = { Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError }
const ask = (name, args) => {
  if (state.need !== null) throw new Need()
  const olds = []
  if (!args.every((arg) => isPlain(arg, olds))) cannot('an argument of a type of its own')
  for (const [object, was] of state.crossed) if (!isSame(children(object), was)) cannot('a test that changes what the code may have kept')
  const call = [name, args]
  const at = state.next++
  if (at >= state.answers.length) {
    state.need = ['need', call]
    throw new Need()
  }
  const [known, answer] = state.answers[at]
  if (canon(known) !== canon(call)) cannot('the tests do not ask the same twice')
  if (answer[0] === 'nothing') throw new Error('a stub')
  if (answer[0] === 'dead') die(answer[1])
  let value, failure
  try {
    const [kind, found, changes, out, err] = rowOf(answer, 5)
    check(textOf(out) + textOf(err) === '')
    if (kind === 'raised') {
      const [name, message] = rowOf(found, 2)
      check(Object.hasOwn(KINDS, textOf(name)))
      failure = new KINDS[name](textOf(message))
    } else {
      check(kind === 'value')
      value = unpack(found, olds)
    }
    for (const [old, now] of changesOf(changes, olds)) change(old, now)
  } catch { die('its answer was malformed') }
  const crossed = []
  if (!isPlain(value, crossed)) cannot('a result that is at two places')
  for (const object of [...olds, ...crossed]) state.crossed.set(object, [...children(object)])
  if (failure !== undefined) throw failure
  return value
}
const beyond = (name) => 'use of ' + name + ' as more than a function'
const proxyOf = (name, kind) => {
  const traps = {}
  for (const trap of ['get', 'set', 'has', 'deleteProperty', 'defineProperty', 'getOwnPropertyDescriptor', 'ownKeys', 'getPrototypeOf',
    'setPrototypeOf', 'isExtensible', 'preventExtensions', 'construct', 'apply']) traps[trap] = () => cannot(beyond(name))
  if (kind === 'function') traps.apply = (_, self, args) => ask(name, args)
  return new Proxy(function () {}, traps)
}

const collect = (name, options, body) => {
  if (typeof options === 'function' && body === undefined) [options, body] = [undefined, options]
  if (options !== undefined || typeof body !== 'function' || typeof name !== 'string') cannot('a test with options')
  if (body.length > 0) cannot('a test that takes something')
  state.tests.push({ id: [...state.path, name].join(' > '), body })
}
const nest = (name, body) => {
  if (typeof name !== 'string' || typeof body !== 'function' || body.length > 0) cannot('a group with options')
  state.path.push(name)
  if (body() !== undefined) cannot('a group that returns something')
  state.path.pop()
}
const each = (register) => (rows) => {
  if (!Array.isArray(rows) || rows.raw !== undefined) cannot('each with a template')
  return (name, body) => rows.forEach((row, at) => register(name + ' [' + at + ']', () => (Array.isArray(row) ? body(...row) : body(row))))
}
const withOnly = (register, more) => new Proxy(register, { get: (_, key) => more[key] ?? cannot('test.' + String(key)) })
const isVitest = () => state.framework === 'vitest'
const test = withOnly(collect, { get each() { return isVitest() ? each(collect) : undefined } })
const describe = withOnly(nest, { get each() { return isVitest() ? each(nest) : undefined } })

const isEqual = (a, b, isStrict) => {
  if (Object.is(a, b)) return true
  if (isScalar(a) || isScalar(b) || Array.isArray(a) !== Array.isArray(b)) return false
  if (Array.isArray(a)) return a.length === b.length && a.every((x, at) => isEqual(x, b[at], isStrict))
  const keys = (value) => Object.keys(value).filter((key) => isStrict || value[key] !== undefined)
  const left = keys(a)
  return left.length === keys(b).length && left.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key], isStrict))
}
const number = (value) => (typeof value === 'number' ? value : cannot('a comparison of what is no number'))
const plain = (value) => (isPlain(value) ? value : cannot('an expectation of what is not plain'))
const MATCHERS = {
  toBe: (a, b) => Object.is(a, b),
  toEqual: (a, b) => isEqual(plain(a), plain(b), false),
  toStrictEqual: (a, b) => isEqual(plain(a), plain(b), true),
  toBeNull: (a) => a === null,
  toBeUndefined: (a) => a === undefined,
  toBeDefined: (a) => a !== undefined,
  toBeTruthy: (a) => Boolean(a),
  toBeFalsy: (a) => !a,
  toBeNaN: (a) => Number.isNaN(number(a)),
  toBeGreaterThan: (a, b) => number(a) > number(b),
  toBeGreaterThanOrEqual: (a, b) => number(a) >= number(b),
  toBeLessThan: (a, b) => number(a) < number(b),
  toBeLessThanOrEqual: (a, b) => number(a) <= number(b),
  toBeCloseTo: (a, b, digits = 2) => number(a) === number(b) || Math.abs(b - a) < 10 ** -digits / 2,
  toHaveLength: (a, b) => (typeof a === 'string' || Array.isArray(a) ? a.length === b : cannot('a length of something else')),
  toContain: (a, b) => (typeof a === 'string' && typeof b === 'string') || (Array.isArray(a) && isScalar(b) && b === b) ? a.includes(b) : cannot('contents of something else'),
  toContainEqual: (a, b) => (Array.isArray(a) ? plain(a).some((x) => isEqual(x, plain(b), false)) : cannot('contents of something else')),
  toMatch: (a, b) => typeof a !== 'string' ? cannot('a match of something else') : typeof b === 'string' ? a.includes(b) : b instanceof RegExp && !b.global && !b.sticky ? b.test(a) : cannot('a match with something else'),
}
const throwsAs = (body, wanted) => {
  if (typeof body !== 'function') cannot('toThrow of something else')
  let caught
  try {
    const value = body()
    if (typeof value === 'object' && value !== null && 'then' in value) cannot('an asynchronous function')
    return false
  } catch (error) { caught = error }
  if (wanted === undefined) return true
  const message = String(caught?.message)
  if (typeof wanted === 'string') return message.includes(wanted)
  if (wanted instanceof RegExp && !wanted.global && !wanted.sticky) return wanted.test(message)
  return Object.values(KINDS).includes(wanted) ? caught instanceof wanted : cannot('toThrow with something else')
}
class ExpectationError extends Error {}
const expectation = (value, isNot) =>
  new Proxy({}, {
    get: (_, key) => {
      if (key === 'not' && !isNot) return expectation(value, true)
      const matcher = key === 'toThrow' || key === 'toThrowError' ? throwsAs : Object.hasOwn(MATCHERS, key) ? MATCHERS[key] : cannot('expect().' + String(key))
      return (...wanted) => {
        if (matcher(value, ...wanted) === isNot) throw new ExpectationError((isNot ? 'not ' : '') + String(key) + ' ' + wanted.map((x) => isPlain(x) ? canon(x) : typeof x).join() + ' of ' + (isPlain(value) ? canon(value) : typeof value))
      }
    },
  })
const expect = new Proxy(function () {}, { apply: (_, self, [value]) => expectation(value, false), get: (_, key) => cannot('expect.' + String(key)) })
const FRAMEWORK = { test, it: test, describe, suite: describe, expect }
const NAMES = ['test', 'it', 'describe', 'suite', 'expect', 'before', 'beforeEach', 'after', 'afterEach', 'beforeAll', 'afterAll', 'vi', 'mock',
  'assert', 'run', 'vitest', 'expectTypeOf', 'assertType', 'bench', 'todo', 'skip', 'only', 'snapshot', 'onTestFinished', 'onTestFailed', 'chai', 'inject']
const suite = Object.freeze({
  get: (name) => FRAMEWORK[name] ?? proxyOf(name, 'value'),
  code: (name) => state.stub.get(name),
})
Object.defineProperty(globalThis, '__suite', { value: suite })

// What is inherited must stay settable on an object of one's own, as in { ...counts, constructor: 1 } made key by key; a frozen property
// would forbid that. A constructor stays a property with a value, by which messages name a type, and is looked at after the tests instead.
const constructors = []
const guard = (shared) => {
  for (const key of Reflect.ownKeys(shared)) {
    const { value, enumerable, writable, configurable } = Object.getOwnPropertyDescriptor(shared, key)
    if (!configurable) continue
    const isConstructor = key === 'constructor' && writable
    if (isConstructor) constructors.push([shared, value])
    if (isConstructor || !writable) {
      Object.defineProperty(shared, key, { configurable: false })
      continue
    }
    const set = function (own) {
      if (this === shared) cannot(CHANGED)
      Object.defineProperty(this, key, { value: own, writable: true, enumerable: true, configurable: true })
    }
    Object.defineProperty(shared, key, { get: () => value, set, enumerable, configurable: false })
  }
  if (Array.isArray(shared)) Object.defineProperty(shared, 'length', { writable: false })
  Object.preventExtensions(shared)
}
const CHANGED = 'a change of what every object inherits'
const prototypesOf = (...values) => values.map((value) => Object.getPrototypeOf(value))
for (const kind of Object.values(KINDS)) guard(kind.prototype)
for (const shared of [Array, Object, Function, String, Number, Boolean, BigInt, Symbol, RegExp, Map, Set, WeakMap, WeakSet, Uint8Array, Date, Promise]) {
  Object.freeze(shared)
  guard(shared.prototype)
}
for (const shared of prototypesOf([].values(), ''.matchAll(/a/g), new Map().values(), new Set().values(), ''[Symbol.iterator](), function* () {}, (function* () {}).prototype, [].values().__proto__))
  guard(shared)
for (const shared of [Reflect, JSON, KINDS, MATCHERS, FRAMEWORK, assert, assert.strict]) Object.freeze(shared)

export async function run(answers, source, moduleName, names, framework) {
  state = { answers, next: 0, need: null, cannot: null, dead: null, crossed: new Map(), tests: [], path: [], framework }
  state.stub = new Map(names.map(([name, kind]) => [name, proxyOf(name, kind)]))
  const rows = []
  let why = null
  if (!names.every(([name]) => typeof name === 'string' && /^[A-Za-z_$][\\w$]*$/.test(name))) return ['cannot', 'a name that is none']
  const value = names.find(([, kind]) => kind !== 'function')
  if (value !== undefined) return ['cannot', beyond(value[0])]
  try {
    const folder = '/scratch/suite-' + turn++
    mkdirSync(folder)
    writeFileSync(folder + '/framework.mjs', NAMES.map((name) => 'export const ' + name + ' = globalThis.__suite.get("' + name + '")\\n').join('') + 'export default test\\n')
    const stubs = names.map(([name]) => name === 'default' ? 'export default globalThis.__suite.code("default")\\n' : 'export const ' + name + ' = globalThis.__suite.code("' + name + '")\\n')
    writeFileSync(folder + '/' + moduleName + '.mjs', stubs.join('') + 'export {}\\n')
    writeFileSync(folder + '/suite.test.mjs', source)
    try { await import('file://' + folder + '/suite.test.mjs') } catch (error) {
      if (!(error instanceof Need || error instanceof Cannot)) why = (error?.name + ': ' + error?.message).slice(0, 400)
    }
    for (const { id, body } of why === null ? state.tests : []) {
      if (state.need !== null || state.cannot !== null) break
      state.dead = null
      let message = null
      // A promise nobody waits for would fail where nobody looks.
      try { if (body() !== undefined) cannot('a test that returns something') } catch (error) { message = (error?.name + ': ' + error?.message).slice(0, 400) }
      message = state.dead ?? message
      rows.push([id, message === null ? 'pass' : 'fail', message ?? ''])
    }
  } catch (error) { return ['cannot', 'the tests end with ' + error?.name] }
  if (constructors.some(([shared, own]) => shared.constructor !== own)) return ['cannot', CHANGED]
  if (state.cannot !== null) return ['cannot', state.cannot]
  if (state.need !== null) return state.need
  if (why !== null) return ['unloadable', why]
  return ['report', rows, state.tests.map(({ id }) => id)]
}
`
