import type { Call, TypedValue } from '../domain/value.ts'
import { callKey } from './check.ts'
import type { ConsensusLanguage } from './language.ts'
import { floatNumber, numberValue } from './number-text.ts'
import { createSeededRandom, type SeededRandom } from './seeded-random.ts'

/** How many mutated inputs a plan asks for. More gains little. */
export const PROBE_COUNT = 24
/** Tries per wanted probe before giving up: a function of one boolean has few inputs. */
const TRIES_PER_PROBE = 12
/** Longest string or list a mutation may make. */
const MAX_LENGTH = 200

/**
 * Returns up to `count` new calls made from `seeds` by small changes that keep each argument's type: no element, one
 * dropped, doubled, swapped, a neighbouring number, another letter from the same text. No call equals a seed or another
 * probe. Equal `seed` and `seeds` give equal probes. Empty when there is nothing to mutate.
 */
export function mutateCalls(seeds: readonly Call[], language: ConsensusLanguage, seed: string, count = PROBE_COUNT): Call[] {
  const random = createSeededRandom(seed)
  const known = new Set(seeds.map((call) => callKey(call, language)))
  const pools = argumentPools(seeds)
  const probes: Call[] = []
  const usable = seeds.filter((call) => call.args.length > 0)
  for (let tries = 0; tries < count * TRIES_PER_PROBE && probes.length < count && usable.length > 0; tries += 1) {
    const base = usable[tries % usable.length]
    if (base === undefined) break
    const call = mutateCall(base, pools, random, language)
    const key = callKey(call, language)
    if (known.has(key)) continue
    known.add(key)
    probes.push(call)
  }
  return probes
}

/** The values seen at each argument place: crossing them gives inputs a person might have written. */
function argumentPools(seeds: readonly Call[]): readonly TypedValue[][] {
  const pools: TypedValue[][] = []
  for (const call of seeds) {
    call.args.forEach((arg, place) => {
      pools[place] = [...(pools[place] ?? []), arg]
    })
  }
  return pools
}

function mutateCall(base: Call, pools: readonly TypedValue[][], random: SeededRandom, language: ConsensusLanguage): Call {
  const args = [...base.args]
  const places = random.next() < 0.7 ? 1 : 2
  for (let n = 0; n < places; n += 1) {
    const place = random.below(args.length)
    const current = args[place]
    if (current === undefined) continue
    const crossed = args.length > 1 && random.next() < 0.2 ? random.pick(pools[place] ?? []) : undefined
    args[place] = crossed ?? mutateValue(current, random, language, 0)
  }
  return { fn: base.fn, args }
}

function mutateValue(value: TypedValue, random: SeededRandom, language: ConsensusLanguage, depth: number): TypedValue {
  switch (value.t) {
    case 'bool':
      return { t: 'bool', v: !value.v }
    case 'int':
      return { t: 'int', v: mutateInteger(BigInt(value.v), random).toString() }
    case 'float':
      return mutateFloat(floatNumber(value.v), random, language)
    case 'str':
      return { t: 'str', v: mutateText(value.v, random) }
    case 'list':
    case 'tuple':
    case 'set':
      return { t: value.t, v: mutateItems(value.v, random, language, depth) }
    case 'dict':
    case 'map':
      return { t: value.t, v: mutateEntries(value.v, random, language, depth) }
    case 'none':
    case 'undefined':
    case 'bytes':
    case 'other':
    case 'digest':
      return value
    default:
      return value satisfies never
  }
}

function mutateInteger(value: bigint, random: SeededRandom): bigint {
  const near = BigInt(random.below(5) + 1)
  // Negative numbers only where one was seen: for most counts and sizes they are outside what the task means.
  const choices = [
    value + 1n,
    value + near,
    value * 2n,
    value / 2n,
    value < 0n ? -value : value + 10n,
    value > near ? value - near : 0n,
    0n,
    1n,
  ]
  if (value < 0n) choices.push(value - near)
  return random.pick(choices) ?? value
}

function mutateFloat(value: number, random: SeededRandom, language: ConsensusLanguage): TypedValue {
  if (!Number.isFinite(value)) return numberValue(random.below(100), language)
  const choices = [value + 1, value * 2, value / 2, value + 0.5, value - 0.1 * random.below(10), -value, 0]
  const picked = random.pick(choices) ?? value
  return { t: 'float', v: String(Number(picked.toFixed(6))) }
}

function mutateText(value: string, random: SeededRandom): string {
  const chars = [...value]
  const at = random.below(chars.length)
  const letter = random.pick(chars) ?? 'a'
  const choices = [
    () => chars.filter((_, place) => place !== at),
    () => chars.toSpliced(at, 0, letter),
    () => chars.with(at, letter),
    () => chars.toReversed(),
    () => random.shuffle(chars),
    () => [...chars, ...chars],
    () => chars.slice(0, at),
    () => chars.slice(at),
    () => chars.with(at, swapCase(chars[at] ?? '')),
    () => [...words(value, random)],
    () => chars.with(at, random.pick([...ALPHABETS.filter((set) => set.includes(letter)).join('')]) ?? letter),
    () => [],
  ]
  if (chars.length === 0) return random.pick(['a', 'A', ' ', '1', 'ab']) ?? ''
  return (random.pick(choices)?.() ?? chars).slice(0, MAX_LENGTH).join('')
}

const ALPHABETS = ['abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '0123456789', '()', '[]', '<>', '{}', '.,!?']

function swapCase(char: string): string {
  return char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase()
}

function words(value: string, random: SeededRandom): string {
  const parts = value.split(' ')
  return parts.length > 1
    ? random
        .shuffle(parts)
        .slice(0, Math.max(1, parts.length - random.below(2)))
        .join(' ')
    : `${value} ${value}`
}

function mutateItems(
  items: readonly TypedValue[],
  random: SeededRandom,
  language: ConsensusLanguage,
  depth: number,
): readonly TypedValue[] {
  const at = random.below(items.length)
  const item = items[at]
  if (item === undefined) return items
  const changed = (): TypedValue => mutateValue(item, random, language, depth + 1)
  const choices = [
    () => items.toSpliced(at, 1),
    () => items.toSpliced(at, 0, item),
    () => items.with(at, changed()),
    () => items.with(at, changed()),
    () => [...items, changed()],
    () => items.toReversed(),
    () => random.shuffle(items),
    () => items.slice(0, at + 1),
    () => items.map((each) => (random.next() < 0.4 ? mutateValue(each, random, language, depth + 1) : each)),
    () => (depth === 0 ? [] : items.slice(0, 1)),
  ]
  return (random.pick(choices)?.() ?? items).slice(0, MAX_LENGTH)
}

function mutateEntries(
  entries: readonly (readonly [TypedValue, TypedValue])[],
  random: SeededRandom,
  language: ConsensusLanguage,
  depth: number,
): readonly (readonly [TypedValue, TypedValue])[] {
  const at = random.below(entries.length)
  const entry = entries[at]
  if (entry === undefined) return entries
  const [key, item] = entry
  const choices = [
    () => entries.toSpliced(at, 1),
    () => entries.with(at, [key, mutateValue(item, random, language, depth + 1)] as const),
    () => entries.with(at, [mutateValue(key, random, language, depth + 1), item] as const),
    () => entries.slice(0, at),
  ]
  return random.pick(choices)?.() ?? entries
}
