import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CodeConductorError } from '../domain/errors.ts'
import type { CliProcess, CommandInput } from './cli-context.ts'

/** Longest prompt in characters. */
export const MAX_PROMPT_CHARACTERS = 1_048_576
/** A character takes at most four bytes of UTF-8; nothing beyond is read. */
const MAX_PROMPT_BYTES = MAX_PROMPT_CHARACTERS * 4

/**
 * Returns the task: the argument or `--prompt`, else the file of `--prompt-file`, else stdin where something is piped, else `otherwise`.
 * Reads no more than 4 MiB of anything. Throws `USAGE` for none, an empty one, two at once or an unreadable file, and
 * `PROMPT_TOO_LARGE`.
 */
export async function readPrompt(
  { args, options }: CommandInput,
  io: Pick<CliProcess, 'stdin' | 'cwd'>,
  otherwise: string | null = null,
): Promise<string> {
  const given = [args[0], options['prompt'], options['promptFile']].filter((source) => typeof source === 'string')
  if (given.length > 1) throw usage('the task is given more than once: as an argument, with --prompt or with --prompt-file')
  const file = options['promptFile']
  if (given.length === 0 && otherwise !== null) {
    const piped = io.stdin.isTty ? '' : await readStdin(io.stdin)
    if (piped.trim() === '') return otherwise
    if (piped.length > MAX_PROMPT_CHARACTERS) throw tooLarge()
    return piped
  }
  const text =
    typeof file === 'string' ? await readPromptFile(resolve(io.cwd, file), file) : (given[0] ?? (await readStdin(io.stdin)))
  if (text.trim() === '') throw usage('the task is empty')
  if (text.length > MAX_PROMPT_CHARACTERS) throw tooLarge()
  return text
}

async function readStdin(stdin: CliProcess['stdin']): Promise<string> {
  if (stdin.isTty) throw usage('no task is given')
  return collect(stdin.chunks())
}

async function readPromptFile(path: string, name: string): Promise<string> {
  try {
    const file = await open(path)
    try {
      // A directory can be opened; a device never ends: both are told apart before anything is read.
      const stat = await file.stat()
      if (stat.isDirectory()) throw usage(`--prompt-file: ${name} is a folder`)
      if (stat.size > MAX_PROMPT_BYTES) throw tooLarge()
      return await collect(file.createReadStream({ autoClose: false }))
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof CodeConductorError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw usage(`--prompt-file: ${name} cannot be read (${code})`)
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of chunks) {
    parts.push(chunk)
    sizeBytes += chunk.length
    if (sizeBytes > MAX_PROMPT_BYTES) throw tooLarge()
  }
  return new TextDecoder().decode(Buffer.concat(parts))
}

function usage(message: string): CodeConductorError {
  return new CodeConductorError('USAGE', message, { hint: 'codeconductor run "Write …", or pipe the task in' })
}

function tooLarge(): CodeConductorError {
  return new CodeConductorError('PROMPT_TOO_LARGE', 'the task is longer than 1 MiB of characters', {
    hint: 'name the files in the task instead of pasting them',
    details: { maxCharacters: MAX_PROMPT_CHARACTERS },
  })
}
