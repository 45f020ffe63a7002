import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findRun } from '../../src/store/find-run.ts'
import { createRunId } from '../../src/store/run-id.ts'

let root = ''
const idAt = (ms: number, last: number) => createRunId(ms, new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, last]))
const [OLD, MIDDLE, NEW] = [idAt(1_700_000_000_000, 0), idAt(1_700_000_000_001, 1), idAt(1_800_000_000_000, 1)]

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'find-run-'))
  for (const id of [OLD, MIDDLE, NEW]) {
    mkdirSync(join(root, 'runs', id), { recursive: true })
    writeFileSync(join(root, 'runs', id, 'log.jsonl'), '')
  }
  mkdirSync(join(root, 'runs', '.removed-x'))
  mkdirSync(join(root, 'copied'))
  writeFileSync(join(root, 'copied', 'log.jsonl'), '')
  mkdirSync(join(root, 'empty'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const find = (query: string) => findRun(query, { root, cwd: root })
const failure = (query: string): unknown => {
  try {
    return find(query)
  } catch (error) {
    return error
  }
}

test('last is the newest run', () => {
  expect(find('last')).toEqual({ runId: NEW, folder: join(root, 'runs', NEW), file: null })
  expect(find(' LAST ').runId).toBe(NEW)
})

test('a run is found by its id in any case, by its short form, and by the start of its id', () => {
  expect([OLD.toUpperCase(), OLD.slice(-4).toUpperCase(), NEW.slice(0, 7)].map((query) => find(query).runId)).toEqual([
    OLD,
    OLD,
    NEW,
  ])
})

test('a short form two runs share, and a start they share, name the candidates, newest first', () => {
  expect(failure(MIDDLE.slice(-4))).toMatchObject({ code: 'RUN_AMBIGUOUS', details: { candidates: [NEW, MIDDLE] } })
  expect(failure(OLD.slice(0, 8))).toMatchObject({ code: 'RUN_AMBIGUOUS', details: { candidates: [MIDDLE, OLD] } })
})

test('a run is found by the path of its folder or log file, in the store or anywhere', () => {
  expect(find(join('runs', OLD))).toEqual({ runId: OLD, folder: join(root, 'runs', OLD), file: null })
  expect(find('copied')).toEqual({ runId: null, folder: join(root, 'copied'), file: null })
  expect(find(join(root, 'copied/log.jsonl'))).toEqual({
    runId: null,
    folder: join(root, 'copied'),
    file: join(root, 'copied/log.jsonl'),
  })
})

test('what names no run is told so, with the way to see them all', () => {
  for (const query of ['zzzz', 'empty', '', '0', 'no/such/path']) {
    expect(failure(query)).toMatchObject({ code: 'RUN_NOT_FOUND', hint: 'codeconductor runs list' })
  }
  expect(() => findRun('last', { root: join(root, 'nowhere'), cwd: root })).toThrow('There is no run "last" here.')
})
