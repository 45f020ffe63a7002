/**
 * Other methods of choosing, computed on the executions our method used. Each returns the candidates it puts first,
 * equals included; the score of a row is the mean over them.
 */
import { tabulateEvidence } from '../src/consensus/evidence-table.ts'
import type { Pool } from '../src/consensus/rank-contenders.ts'

export type Peer = (pool: Pool, texts: readonly string[]) => number[]

/** Returns the indices of the highest score; equal within rounding counts as equal. */
function best(scores: readonly number[]): number[] {
  const top = Math.max(...scores)
  return scores.flatMap((score, index) => (score >= top - 1e-9 ? [index] : []))
}

function tableOf(pool: Pool): ReturnType<typeof tabulateEvidence> {
  return tabulateEvidence(
    pool.contenders.map((contender) => contender.id),
    pool.plan,
    pool.matrix,
  )
}

/** Groups of candidates with equal `key`. */
function groupsBy(count: number, key: (index: number) => string): number[][] {
  const groups = new Map<string, number[]>()
  for (let index = 0; index < count; index += 1) groups.set(key(index), [...(groups.get(key(index)) ?? []), index])
  return [...groups.values()]
}

const random: Peer = (pool) => pool.contenders.map((_, index) => index)

/** CodeT (arXiv 2207.10397): candidates that pass the same assertions form a set; its size times what it passes. */
const codeT: Peer = (pool) => {
  const { assertions } = tableOf(pool)
  const scores = pool.contenders.map(() => 0)
  for (const group of groupsBy(scores.length, (index) => String(assertions[index]))) {
    const passed = assertions[group[0] ?? 0]?.filter(Boolean).length ?? 0
    for (const index of group) scores[index] = group.length * passed
  }
  return best(scores)
}

/** Inputs of the assertions and examples: what the peers compare outputs on. */
function testInputs(pool: Pool): number[] {
  return [...new Set([...pool.plan.examples, ...pool.plan.assertions].map((check) => check.call))]
}

function shareEqual(a: readonly (string | null)[], b: readonly (string | null)[], calls: readonly number[]): number {
  return calls.length === 0 ? 0 : calls.filter((call) => a[call] !== null && a[call] === b[call]).length / calls.length
}

/** SRank (arXiv 2311.03366): clusters of equal outputs; overlap between clusters times (size · assertions passed). */
const sRank: Peer = (pool) => {
  const { values, assertions } = tableOf(pool)
  const calls = testInputs(pool)
  const clusters = groupsBy(values.length, (index) => JSON.stringify(calls.map((call) => values[index]?.[call] ?? null)))
  const strength = clusters.map((cluster) => cluster.length * (assertions[cluster[0] ?? 0]?.filter(Boolean).length ?? 0))
  const scores = values.map(() => 0)
  clusters.forEach((cluster, i) => {
    const score = clusters.reduce((total, other, j) => {
      const overlap = i === j ? 1 : shareEqual(values[cluster[0] ?? 0] ?? [], values[other[0] ?? 0] ?? [], calls)
      return total + overlap * (strength[j] ?? 0)
    }, 0)
    for (const index of cluster) scores[index] = score
  })
  return best(scores)
}

/** MBR-exec (arXiv 2204.11454), soft form, the stronger one here: mean share of inputs with equal outputs. */
const mbrExec: Peer = (pool) => {
  const { values } = tableOf(pool)
  const calls = testInputs(pool)
  return best(values.map((a) => values.reduce((total, b) => total + shareEqual(a, b, calls), 0)))
}

/**
 * The method of the product this one replaces: 0.3·parses + 0.3·quality + 0.2·0.5 + 0.1·min(length/1000, 1), where
 * quality counts docstring quotes, words that look like annotations, `try:`, lower-case names and short lines.
 */
const seedHeuristic: Peer = (pool, texts) =>
  best(
    texts.map((text, index) => {
      const parses = pool.contenders[index]?.parses === true ? 1 : 0
      const names = text.match(/[A-Za-z_]\w*/g) ?? []
      const lines = text.split('\n')
      const quality =
        0.2 * parses +
        (/"""|'''/.test(text) ? 0.15 : 0) +
        (text.includes(':') && /str|int|bool|List|Dict/.test(text) ? 0.15 : 0) +
        (/try:|except:|finally:/.test(text) ? 0.15 : 0) +
        (0.2 * names.filter((name) => name === name.toLowerCase()).length) / Math.max(1, names.length) +
        (0.15 * lines.filter((line) => line.length <= 80).length) / lines.length
      return 0.3 * parses + 0.3 * quality + 0.1 + 0.1 * Math.min(text.length / 1000, 1)
    }),
  )

export const PEERS: Readonly<Record<string, Peer>> = { random, seed: seedHeuristic, CodeT: codeT, SRank: sRank, MBR: mbrExec }
