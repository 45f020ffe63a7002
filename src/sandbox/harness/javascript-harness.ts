/**
 * The warm process that runs inside for a JavaScript candidate, as text for `node -e`. Same protocol as the Python harness. All calls
 * share one process; a call that never ends is ended from outside, by CPU time the kernel counted, and takes the process with
 * it. Built-ins are bound at the start, so that a candidate that replaces `JSON.stringify` only spoils its own code.
 */
export const JAVASCRIPT_HARNESS = String.raw`
'use strict'
const { readSync, writeSync, writeFileSync } = require('node:fs')
const { types } = require('node:util')
const vm = require('node:vm')
const { createRequire } = require('node:module')
const isProxy = types.isProxy, isPromise = types.isPromise
const parse = JSON.parse, stringify = JSON.stringify, BufferFrom = Buffer.from, alloc = Buffer.alloc, concat = Buffer.concat
const { isArray } = Array, { getPrototypeOf, keys, getOwnPropertyDescriptor, is } = Object
const ObjectPrototype = Object.prototype, ArrayPrototype = Array.prototype, SetPrototype = Set.prototype, MapPrototype = Map.prototype
const BytesPrototype = Uint8Array.prototype, BufferPrototype = Buffer.prototype
const apply = Reflect.apply, setForEach = Set.prototype.forEach, mapForEach = Map.prototype.forEach
const toText = String, isSafeInteger = Number.isSafeInteger, isInteger = Number.isInteger, sortBy = Array.prototype.sort, slice = String.prototype.slice
const indexOf = Buffer.prototype.indexOf, subarray = Uint8Array.prototype.subarray, bufferText = Buffer.prototype.toString
const then = Promise.prototype.then
const exit = process.reallyExit
const OUT = 6, MAX_LINE = 1048576, MAX_NODES = 100000, MAX_DEPTH = 40

// Who loads the candidate, as far as it can see. A program that asks whether it is the main one makes a path of argv[1], and may look
// for the file; under -e there is none. Neither its path nor its name is that of the candidate, which is therefore not the main one.
const CALLER = '/scratch/caller.js'
const caller = { exports: {}, id: '.', filename: CALLER, path: '/scratch', loaded: true, children: [], paths: [] }
writeFileSync(CALLER, '')
process.argv[1] = CALLER

// The candidate's own output leads nowhere.
for (const stream of [process.stdout, process.stderr]) stream.write = () => true
for (const name of keys(console)) if (typeof console[name] === 'function') console[name] = () => {}

class TooMuch extends Error {}
function encode(value, depth, left) {
  if (--left.nodes < 0 || depth > MAX_DEPTH) throw new TooMuch()
  switch (typeof value) {
    case 'undefined': return { t: 'undefined' }
    case 'boolean': return { t: 'bool', v: value }
    case 'string': return { t: 'str', v: value }
    case 'number':
      if (isSafeInteger(value) && !is(value, -0)) return { t: 'int', v: toText(value) }
      if (value !== value) return { t: 'float', v: 'nan' }
      if (value === Infinity) return { t: 'float', v: 'inf' }
      if (value === -Infinity) return { t: 'float', v: '-inf' }
      return { t: 'float', v: is(value, -0) ? '-0.0' : toText(value) }
    case 'bigint': return { t: 'other', v: 'bigint ' + apply(slice, toText(value), [0, 5000]) }
    case 'function': case 'symbol': return { t: 'other', v: typeof value }
  }
  if (value === null) return { t: 'none' }
  if (isProxy(value)) return { t: 'other', v: 'Proxy' }
  const prototype = getPrototypeOf(value)
  const own = (key) => {
    const found = getOwnPropertyDescriptor(value, key)
    if (found && !('value' in found)) return { t: 'other', v: 'accessor' }
    return encode(found ? found.value : undefined, depth + 1, left)
  }
  if (isArray(value) && prototype === ArrayPrototype) {
    const length = getOwnPropertyDescriptor(value, 'length').value
    if (length > left.nodes) throw new TooMuch()
    const v = []
    for (let i = 0; i < length; i++) v[i] = own(i)
    return { t: 'list', v }
  }
  if (types.isSet(value) && prototype === SetPrototype) {
    const v = []
    apply(setForEach, value, [(x) => { v[v.length] = encode(x, depth + 1, left) }])
    return { t: 'set', v: apply(sortBy, v, [(a, b) => { const x = stringify(a), y = stringify(b); return x < y ? -1 : x > y ? 1 : 0 }]) }
  }
  if (types.isMap(value) && prototype === MapPrototype) {
    const v = []
    apply(mapForEach, value, [(x, k) => { v[v.length] = [encode(k, depth + 1, left), encode(x, depth + 1, left)] }])
    return { t: 'map', v }
  }
  if (types.isUint8Array(value) && (prototype === BytesPrototype || prototype === BufferPrototype)) {
    return { t: 'bytes', v: apply(bufferText, BufferFrom(value), ['base64']) }
  }
  if (prototype === ObjectPrototype || prototype === null) {
    const names = keys(value), v = []
    for (let i = 0; i < names.length; i++) v[i] = [{ t: 'str', v: names[i] }, own(names[i])]
    return { t: 'dict', v }
  }
  return { t: 'other', v: 'object' }
}

function decode(value) {
  switch (value.t) {
    case 'none': return null
    case 'undefined': return undefined
    case 'bool': case 'str': return value.v
    case 'int': return Number(value.v)
    case 'float': return value.v === 'inf' ? Infinity : value.v === '-inf' ? -Infinity : value.v === 'nan' ? NaN : Number(value.v)
    case 'bytes': return new Uint8Array(BufferFrom(value.v, 'base64'))
    case 'list': case 'tuple': return value.v.map(decode)
    case 'set': return new Set(value.v.map(decode))
    case 'dict': {
      if (value.v.every(([k]) => k.t === 'str')) {
        const object = {}
        for (const [k, v] of value.v) Object.defineProperty(object, k.v, { value: decode(v), writable: true, enumerable: true, configurable: true })
        return object
      }
      return new Map(value.v.map(([k, v]) => [decode(k), decode(v)]))
    }
    case 'map': return new Map(value.v.map(([k, v]) => [decode(k), decode(v)]))
  }
  throw new Error('a value of type ' + value.t + ' cannot be passed')
}
const decodeAll = (args) => args.map(decode)

function raised(error) {
  let name = 'Error', message = ''
  try { name = toText(error?.name ?? typeof error); message = toText(error?.message ?? error) } catch {}
  return { kind: 'raised', error: apply(slice, name, [0, 100]), message: apply(slice, message, [0, 500]) }
}

const chunk = alloc(65536)
let pending = alloc(0)
function readLine() {
  for (;;) {
    const at = apply(indexOf, pending, [10])
    if (at >= 0) {
      const line = apply(bufferText, apply(subarray, pending, [0, at]), ['utf8'])
      pending = apply(subarray, pending, [at + 1])
      return parse(line)
    }
    let got = 0
    try { got = readSync(0, chunk, 0, 65536, null) } catch (error) {
      if (error.code === 'EAGAIN') { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); continue }
      exit(0)
    }
    if (got === 0) exit(0)
    pending = concat([pending, apply(subarray, chunk, [0, got])])
  }
}
function send(id, result) {
  let text = stringify({ id, r: result })
  if (text.length > MAX_LINE - 1000) text = stringify({ id, r: { kind: 'value', value: { t: 'other', v: 'too large' } } })
  const data = BufferFrom(text + '\n')
  for (let at = 0; at < data.length; ) {
    try { at += writeSync(OUT, data, at) } catch (error) { if (error.code !== 'EAGAIN') exit(1) }
  }
}

// A candidate may be a script that only declares, a CommonJS module or an ES module; names that were not exported count too.
let lookup = () => undefined
function randomFrom(seed) {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
const isModule = (code) => {
  try { new vm.Script('(function () {' + code + '\n})', { filename: 'candidate.js' }); return false } catch {}
  return /\b(import|export|await)\b/.test(code)
}
async function loadCode(request) {
  Math.random = randomFrom(request.seed)
  const module = { exports: {}, parent: caller }
  const pick = (exported, find) => (name) => {
    let found
    try { found = find(name) } catch {}
    if (found !== undefined) return found
    if (exported() !== null && (typeof exported() === 'object' || typeof exported() === 'function')) {
      if (exported()[name] !== undefined) return exported()[name]
      if (exported().default?.[name] !== undefined) return exported().default[name]
      if (name === request.entryPoint && typeof exported().default === 'function') return exported().default
      if (name === request.entryPoint && typeof exported() === 'function') return exported()
    }
    return undefined
  }
  if (isModule(request.code)) {
    const peek = '__peek_' + request.id
    writeFileSync('/scratch/candidate.mjs', request.code + '\nexport const ' + peek + ' = (name) => eval(name)\n')
    const namespace = await import('file:///scratch/candidate.mjs')
    lookup = pick(() => namespace, namespace[peek])
    return
  }
  const require = createRequire('/scratch/candidate.js')
  require.main = caller
  const run = vm.compileFunction(request.code + '\n;return (name) => eval(name)', ['exports', 'require', 'module', '__filename', '__dirname'], {
    filename: 'candidate.js',
    importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  const find = run(module.exports, require, module, '/scratch/candidate.js', '/scratch')
  lookup = pick(() => module.exports, typeof find === 'function' ? find : () => undefined)
}
async function load(request) {
  try {
    await loadCode(request)
    Math.random = randomFrom(request.seed)
    const kind = typeof lookup(request.entryPoint) === 'function' ? 'loaded' : 'no-entry-point'
    return { kind, names: kind === 'loaded' ? [request.entryPoint] : [] }
  } catch (error) {
    const result = raised(error)
    result.kind = 'failed'
    return result
  }
}
const NAME = /^[A-Za-z_$][A-Za-z0-9_$]*$/, test = RegExp.prototype.test
async function call(request) {
  try {
    if (!apply(test, NAME, [request.fn])) throw new ReferenceError('no function ' + request.fn)
    const fn = lookup(request.fn)
    if (typeof fn !== 'function') throw new ReferenceError(request.fn + ' is not a function')
    let value = fn(...decodeAll(request.args))
    if (isPromise(value)) value = await value
    try { return { kind: 'value', value: encode(value, 0, { nodes: MAX_NODES }) } }
    catch { return { kind: 'value', value: { t: 'other', v: 'too large or too deep' } } }
  } catch (error) {
    return raised(error)
  }
}
async function main() {
  for (;;) {
    const request = readLine()
    send(request.id, request.op === 'load' ? await load(request) : await call(request))
  }
}
// A promise that never settles must be a time-out, not an exit for want of work.
setInterval(() => {}, 1 << 30)
process.on('unhandledRejection', () => {})
process.on('uncaughtException', () => {})
main()
`
