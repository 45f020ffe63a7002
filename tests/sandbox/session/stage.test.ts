import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hiddenReason, stageProject } from '../../../src/sandbox/session/stage.ts'

let project: string
let tmp: string
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'project-'))
  tmp = mkdtempSync(join(tmpdir(), 'stage-'))
})
afterEach(() => {
  rmSync(project, { recursive: true, force: true })
  rmSync(tmp, { recursive: true, force: true })
})

test('a stage holds the project without its secrets, its history and its links', () => {
  mkdirSync(join(project, 'src'))
  mkdirSync(join(project, '.git'))
  writeFileSync(join(project, '.git', 'config'), 'x')
  writeFileSync(join(project, 'src', 'app.py'), 'app')
  for (const name of ['.env', '.env.local', 'deploy.pem', 'id_ed25519', '.npmrc', 'credentials.json'])
    writeFileSync(join(project, name), 'secret')
  symlinkSync('/etc/passwd', join(project, 'passwd'))
  symlinkSync('/', join(project, 'everything'))
  const stage = stageProject(project, tmp)
  expect(readdirSync(stage.path, { recursive: true })).toEqual(['src', 'src/app.py'])
  expect(readFileSync(join(stage.path, 'src', 'app.py'), 'utf8')).toBe('app')
  expect(stage).toMatchObject({ files: 1, bytes: 3 })
  expect(stage.left).toContain('passwd: a link')
  stage.remove()
  expect(existsSync(stage.path)).toBe(false)
})

test('a project over the limit is refused and leaves nothing behind', () => {
  writeFileSync(join(project, 'big'), 'x'.repeat(100))
  expect(() => stageProject(project, tmp, { limits: { maxFiles: 5, maxBytes: 99 } })).toThrow(/larger than/)
  for (let i = 0; i < 6; i++) writeFileSync(join(project, `f${i}`), '')
  expect(() => stageProject(project, tmp, { limits: { maxFiles: 5, maxBytes: 999 } })).toThrow(/larger than/)
  expect(readdirSync(tmp)).toEqual([])
})

test('names that look like secrets are hidden and examples of them are not', () => {
  const hidden = [
    ...[
      '.env',
      '.env.production',
      '.env-prod',
      '.envrc',
      'prod.env',
      '.pgpass',
      '.vault-token',
      '.netrc',
      '.NPMRC',
      '.bash_history',
    ],
    ...['id_rsa', 'id_ed25519_sk', 'id_rsa_work', 'id_ecdsa.pub', 'ID_RSA', 'id_deploy', 'id_rsa.bak'],
    ...['server.key', 'x.P12', 'secrets.yaml', 'terraform.tfstate', 'prod.tfvars', 'kubeconfig', 'credentials'],
  ]
  const shown = [
    ...['.env.example', '.env-sample', 'example.env', 'keyboard.ts', 'key.ts', 'monkey.py', 'environment.yml', 'secrets.ts'],
    ...['id_utils.py', 'id_generator.test.ts', 'identity.py', 'envelope.js'],
  ]
  expect(hidden.filter((name) => hiddenReason(name, false) === null)).toEqual([])
  expect(shown.filter((name) => hiddenReason(name, false) !== null)).toEqual([])
  expect([hiddenReason('.git', true), hiddenReason('src', true)]).toEqual(['private folder', null])
  // In a worktree `.git` is a file that names a folder of the user's.
  expect(['.git', '.ssh', '.docker'].map((name) => hiddenReason(name, false))).toEqual(Array(3).fill('private'))
})
