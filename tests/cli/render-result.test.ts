import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { renderResult } from '../../src/cli/render-result.ts'
import type { Candidate } from '../../src/domain/candidate.ts'
import { sampleCandidate } from '../support/sample-candidate.ts'

const candidate = (files: readonly { path: string | null; code: string }[], program: string): Candidate =>
  sampleCandidate(files, { program })

test('one file is given as the program that was judged', () => {
  expect(renderResult(candidate([{ path: null, code: 'x = 1\nprint(x)' }], 'x = 1'))).toBe('x = 1\n')
})

test('several files are given as a patch that git applies to an empty folder', () => {
  const patch = renderResult(
    candidate(
      [
        { path: 'app/main.py', code: 'x = 1\nprint(x)' },
        { path: null, code: 'y = 2\n\n' },
      ],
      'x = 1\n',
    ),
  )
  const folder = mkdtempSync(join(tmpdir(), 'render-result-'))
  try {
    execFileSync('git', ['apply', '-'], {
      cwd: folder,
      input: patch,
      env: { PATH: process.env['PATH'], GIT_CEILING_DIRECTORIES: tmpdir() },
    })
    expect([readFileSync(join(folder, 'app/main.py'), 'utf8'), readFileSync(join(folder, 'file-2'), 'utf8')]).toEqual([
      'x = 1\n',
      'y = 2\n\n',
    ])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
