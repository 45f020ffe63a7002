import { execSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('a build empties dist before it compiles, so that no file of an earlier layout is shipped', () => {
  const manifest = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  const { scripts } = JSON.parse(manifest) as { scripts: { build: string } }
  const [clean = '', compile] = scripts.build.split(' && ')
  const dir = mkdtempSync(join(tmpdir(), 'build-'))
  try {
    mkdirSync(join(dir, 'dist/moved'), { recursive: true })
    for (const path of ['dist/moved/old.js', 'kept.js']) writeFileSync(join(dir, path), '')
    expect(compile).toBe('tsc -p tsconfig.build.json')
    // Twice: the first build of a checkout finds nothing to remove.
    for (let i = 0; i < 2; i++) execSync(clean, { cwd: dir })
    expect(readdirSync(dir)).toEqual(['kept.js'])
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
