import { opendir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { CodeConductorError } from '../domain/errors.ts'
import { Persona } from '../domain/persona.ts'
import { explainIssues, type Problem, renderProblem } from './explain-issues.ts'
import { readTextFile, UnreadableFile } from './read-text-file.ts'
import { isRoleMap, readRoleMap } from './role-map.ts'
import { parseYaml, type YamlDocument, YamlProblem } from './yaml-source.ts'

const MAX_PERSONA_FILE_BYTES = 256 * 1024
const MAX_PERSONA_TOTAL_BYTES = 4 * 1024 * 1024
const MAX_PERSONA_FILES = 200
const MAX_REPORTED = 20

/** A persona and where it was read. */
interface Found {
  readonly persona: Persona
  readonly file: string
  readonly line: number
}

/**
 * Returns the personas at `path`, in the order of file names and, within a file, of lines. `path` is a directory of *.yaml
 * and *.yml files (not searched further down; names that begin with a dot are passed over), or one file: a single persona,
 * or a map of role → `{style, rules}` (also `prompt`, `system`, `template` or `messages`), see `readRoleMap`.
 *
 * Limits: 256 KiB a file, told before it is read; 4 MiB and 200 files in all. Only regular files are read.
 * Throws `PERSONA_INVALID` for anything wrong; `details.problems` lists up to 20 `Problem`s, the message gives the first.
 */
export async function loadPersonas(path: string): Promise<Persona[]> {
  const found: Found[] = []
  const problems: Problem[] = []
  let totalBytes = 0
  for (const file of await filesAt(path)) {
    const text = await readPersonaText(file)
    if (typeof text !== 'string') {
      problems.push(text)
      continue
    }
    totalBytes += Buffer.byteLength(text)
    if (totalBytes > MAX_PERSONA_TOTAL_BYTES) throw invalid([wholeFile(path, 'holds more than 4096 KiB of personas')])
    const read = readPersonaFile(file, text)
    found.push(...read.found)
    problems.push(...read.problems)
  }
  problems.push(...duplicates(found))
  if (problems.length > 0) throw invalid(problems)
  if (found.length === 0) throw invalid([wholeFile(path, 'holds no persona')])
  return found.map(({ persona }) => persona)
}

async function filesAt(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const names: string[] = []
    for await (const entry of await opendir(path)) {
      if (!/^[^.].*\.ya?ml$/i.test(entry.name)) continue
      names.push(entry.name)
      if (names.length > MAX_PERSONA_FILES) throw invalid([wholeFile(path, `holds more than ${MAX_PERSONA_FILES} persona files`)])
    }
    // By code unit, so that the order is the same on every machine.
    return names.sort().map((name) => join(path, name))
  } catch (error) {
    if (error instanceof CodeConductorError) throw error
    // What cannot be looked at is left to the reader of the file, which knows how to say why.
    return [path]
  }
}

async function readPersonaText(file: string): Promise<string | Problem> {
  try {
    return await readTextFile(file, MAX_PERSONA_FILE_BYTES)
  } catch (error) {
    if (error instanceof UnreadableFile) return wholeFile(file, error.message)
    throw error
  }
}

function readPersonaFile(file: string, text: string): { readonly found: Found[]; readonly problems: Problem[] } {
  let document: YamlDocument
  try {
    document = parseYaml(text)
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error
    return { found: [], problems: [{ file, line: error.line, field: '', message: error.message, suggestion: null }] }
  }
  if (isRoleMap(document.value)) return readRoleMap(file, document)
  const parsed = Persona.safeParse(document.value)
  if (!parsed.success) return { found: [], problems: explainIssues(parsed.error, Persona, { file, document }) }
  return { found: [{ persona: parsed.data, file, line: document.lineOf(['id']) }], problems: [] }
}

function duplicates(found: readonly Found[]): Problem[] {
  const first = new Map<string, Found>()
  const problems: Problem[] = []
  for (const one of found) {
    const other = first.get(one.persona.id)
    if (other === undefined) first.set(one.persona.id, one)
    else {
      const message = `"${one.persona.id}" is already the id of the persona in ${basename(other.file)}:${other.line}`
      problems.push({ file: one.file, line: one.line, field: 'id', message, suggestion: null })
    }
  }
  return problems
}

function wholeFile(file: string, message: string): Problem {
  return { file, line: null, field: '', message, suggestion: null }
}

function invalid(problems: readonly Problem[]): CodeConductorError {
  const [first] = problems
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  const message = first === undefined ? 'the personas are not valid' : `${renderProblem(first)}${more}`
  return new CodeConductorError('PERSONA_INVALID', message, {
    hint: 'run `codeconductor personas check` to see every problem',
    details: { problems: problems.slice(0, MAX_REPORTED) },
  })
}
