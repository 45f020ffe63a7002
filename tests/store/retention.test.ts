import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RunListing } from '../../src/ports/run-store.ts'
import { type RetentionFacts, selectPrunable } from '../../src/store/retention.ts'

const DAY = 86_400_000
const NOW = 100 * DAY

function run(runId: string, ageDays: number, isRunning = false): RunListing {
  const holder = isRunning ? { pid: 1, host: 'desk', sinceMs: 0 } : null
  return { runId, createdMs: NOW - ageDays * DAY, sizeBytes: 1, isSealed: true, holder }
}

function facts(over: Partial<RetentionFacts> = {}): RetentionFacts {
  return { pinned: new Set(), running: new Set(), parents: new Map(), ...over }
}

const RUNS = [run('e', 0), run('d', 1), run('c', 5), run('b', 10), run('a', 20)]

test('keep spares the newest, days spares the young, and both together need both to agree', () => {
  const prune = (policy: { keep?: number; days?: number }) => selectPrunable(RUNS, { ...policy, nowMs: NOW }, facts()).prune

  expect(prune({ keep: 2 })).toEqual(['c', 'b', 'a'])
  expect(prune({ days: 10 })).toEqual(['b', 'a'])
  expect(prune({ keep: 4, days: 5 })).toEqual(['a'])
  expect(prune({ keep: 0 })).toEqual(['e', 'd', 'c', 'b', 'a'])
})

test('without a limit nothing is removed', () => {
  expect(selectPrunable(RUNS, { nowMs: NOW }, facts())).toEqual({ prune: [], spared: [] })
})

test('a pinned run and one that runs, here or elsewhere, stay and are told', () => {
  const runs = [run('c', 1), run('b', 2, true), run('a', 3)]

  const plan = selectPrunable(runs, { keep: 0, nowMs: NOW }, facts({ pinned: new Set(['c']), running: new Set(['a']) }))

  expect(plan).toEqual({
    prune: [],
    spared: [
      { runId: 'c', reason: 'pinned' },
      { runId: 'b', reason: 'running' },
      { runId: 'a', reason: 'running' },
    ],
  })
})

test('every ancestor of a fork that stays stays', () => {
  const parents = new Map([
    ['e', 'b'],
    ['b', 'a'],
    ['d', 'c'],
  ])

  expect(selectPrunable(RUNS, { keep: 1, nowMs: NOW }, facts({ parents }))).toEqual({
    prune: ['d', 'c'],
    spared: [
      { runId: 'b', reason: 'parent' },
      { runId: 'a', reason: 'parent' },
    ],
  })
})

test('forks go before their parents, also where a wrong clock made the parent look younger', () => {
  const parents = new Map([['a', 'e']])

  const { prune } = selectPrunable(RUNS, { keep: 0, nowMs: NOW }, facts({ parents }))

  expect(prune.indexOf('a')).toBeLessThan(prune.indexOf('e'))
})

test('whatever the runs, nothing pinned, running or needed is removed, and parents that name each other end', () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f']
  const id = fc.constantFrom(...ids)

  fc.assert(
    fc.property(
      fc.array(fc.nat(30), { minLength: 6, maxLength: 6 }),
      fc.nat(6),
      fc.array(id),
      fc.array(id),
      fc.array(fc.tuple(id, id)),
      (ages, keep, pinned, running, pairs) => {
        const listings = ids.map((runId, index) => run(runId, ages[index] ?? 0))
        const given = facts({ pinned: new Set(pinned), running: new Set(running), parents: new Map(pairs) })
        const { prune } = selectPrunable(listings, { keep, nowMs: NOW }, given)
        const stays = ids.filter((runId) => !prune.includes(runId))
        expect(prune.filter((runId) => pinned.includes(runId) || running.includes(runId))).toEqual([])
        expect(
          stays.map((runId) => given.parents.get(runId)).filter((parent) => parent !== undefined && prune.includes(parent)),
        ).toEqual([])
        expect(stays.length).toBeGreaterThanOrEqual(keep)
      },
    ),
  )
})
