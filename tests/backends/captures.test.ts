import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createOllama } from '../../src/backends/ollama.ts'
import { createOpenaiCompatible } from '../../src/backends/openai-compatible.ts'
import { BackendError } from '../../src/domain/backend-error.ts'
import type { Backend, ChatEvent } from '../../src/ports/backend.ts'
import { createSystemClock } from '../../src/system/system-clock.ts'
import { answerText, chatRequest, collectUntilError } from '../support/chat-request.ts'
import { createFaultServer, type FaultServer, jsonReply } from '../support/fault-server.ts'

/*
 * Bytes that real servers sent, played back by a real socket. They are kept beside the repository, not in it; without
 * them these tests are skipped and counted.
 */
const FOLDER = process.env['CODECONDUCTOR_CAPTURES'] ?? join(import.meta.dirname, '../../../shared/data/captures')
const isThere = existsSync(FOLDER)
const clock = createSystemClock()
let server: FaultServer
beforeAll(async () => {
  server = await createFaultServer()
})
afterAll(() => server.close())

interface Capture {
  readonly name: string
  readonly bytes: Buffer
  readonly asked: unknown
}

const OMITTED = '#### '

function captures(folder: string): Capture[] {
  const dir = join(FOLDER, folder)
  if (!existsSync(dir)) return []
  return readdirSync(dir)
    .filter((file) => file.endsWith('.txt'))
    .flatMap((file) => {
      const name = file.slice(0, -4)
      const request = join(dir, `${name}.req.json`)
      const bytes = readFileSync(join(dir, file))
      // Records left out of a file cannot be played; a line cut by it would not be what the server sent.
      if (bytes.includes(OMITTED) || !bytes.subarray(0, 5).equals(Buffer.from('HTTP/'))) return []
      return [{ name, bytes, asked: existsSync(request) ? parsed(readFileSync(request, 'utf8')) : null }]
    })
}

/** One request was malformed on purpose. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The files hold what curl printed: most have the chunked framing removed already, some still have it. */
function wireBytes({ bytes }: Capture): Buffer {
  const end = bytes.indexOf('\r\n\r\n')
  if (/^[0-9a-f]+\r\n/.test(bytes.subarray(end + 4, end + 20).toString('latin1'))) return bytes
  const kept = bytes
    .subarray(0, end)
    .toString('latin1')
    .split('\r\n')
    .filter((line) => !/^(transfer-encoding|content-length|connection|keep-alive):/i.test(line))
  return Buffer.concat([Buffer.from(`${kept.join('\r\n')}\r\nConnection: close\r\n\r\n`, 'latin1'), bytes.subarray(end + 4)])
}

async function play(backend: Backend, path: string, capture: Capture): Promise<{ events: ChatEvent[]; error: unknown }> {
  server.on(path, [{ send: wireBytes(capture) }, { end: true }])
  return collectUntilError(backend.chat(chatRequest({ model: modelOf(capture) })))
}

function bodyOf(capture: Capture): Record<string, unknown> {
  if (typeof capture.asked !== 'object' || capture.asked === null) return {}
  const asked = capture.asked as Record<string, unknown>
  const body = asked['body'] ?? asked
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}

function modelOf(capture: Capture): string {
  const { model } = bodyOf(capture)
  return typeof model === 'string' ? model : (/"model":"([^"]+)"/.exec(capture.bytes.toString('utf8'))?.[1] ?? 'half')
}

function isChat(capture: Capture, path: string): boolean {
  if (capture.asked === null) return false
  return JSON.stringify(capture.asked).includes(path) || (path.startsWith('/v1') && 'messages' in bodyOf(capture))
}

function summarise({ events, error }: { events: readonly ChatEvent[]; error: unknown }): string {
  const last = events.at(-1)
  if (error instanceof BackendError) return error.failure
  return last?.type === 'end' ? `end ${last.finish}` : `unfinished: ${String(error)}`
}

describe.skipIf(!isThere)(`captures of real servers${isThere ? '' : ' (skipped: the folder is not there)'}`, () => {
  const expectations: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    ollama: {
      'b-chat-stream': 'end stop',
      'd-too-long-notrunc': 'context-overflow',
      'd-think-true': 'unsupported',
      'd-tools': 'unsupported',
      'd-unknown-model': 'model-not-found',
      'd-window-full-noshift': 'end length',
      'e-max-tokens': 'end length',
      'i-kill-runner-midstream': 'backend-crashed',
      'i-kill-runner-raw': 'backend-crashed',
      'i-kill-runner-nonstream': 'backend-crashed',
      'i-kill-runner-prefill': 'backend-crashed',
      'i-kill-serve': 'truncated-stream',
      'i-sigstop-runner': 'end length',
      'm-repeat-abort': 'truncated-stream',
      'm-repeat-abort-nonstream': 'truncated-stream',
    },
    llamacpp: {
      'b-chat-stream': 'end stop',
      'b-chat-stream-usage': 'end stop',
      'b-chat-raw-chunked': 'end length',
      'b-chat-stream-progress': 'end length',
      'b-chat-nonstream': 'end stop',
      'd-loading-chat': 'load-failed',
      'd-too-long-stream': 'context-overflow',
      'd-unknown-model': 'model-not-found',
      'd-max-tokens-neg5': 'bad-request',
      'i-kill-midstream': 'truncated-stream',
      'i-kill-prefill': 'truncated-stream',
      'i-kill-raw': 'truncated-stream',
      'e-multibyte': 'end stop',
    },
    vllm: {
      chat_stream_usage: 'end length',
      chat_stream_no_usage: 'end length',
      chat_stream_continuous_usage: 'end length',
      reasoning_stream: 'end stop',
      err_prompt_too_long: 'context-overflow',
      err_unknown_model: 'model-not-found',
      err_template_roles_stream: 'bad-request',
      auth_wrong: 'auth',
      sigterm_midstream: 'truncated-stream',
    },
  }

  const backendFor = (folder: string) =>
    folder === 'ollama'
      ? createOllama({ url: server.url, clock })
      : createOpenaiCompatible({ kind: folder === 'vllm' ? 'vllm' : 'llamacpp', url: server.url, clock })
  const pathFor = (folder: string) => (folder === 'ollama' ? '/api/chat' : '/v1/chat/completions')

  for (const folder of Object.keys(expectations)) {
    test(`${folder}: each known case ends as it should`, async () => {
      server.on('/api/show', jsonReply(200, { capabilities: ['completion'] }))
      const known = expectations[folder] ?? {}
      const outcomes: Record<string, string> = {}
      for (const capture of captures(folder).filter((each) => each.name in known)) {
        outcomes[capture.name] = summarise(await play(backendFor(folder), pathFor(folder), capture))
      }
      expect(outcomes).toEqual(Object.fromEntries(Object.entries(known).filter(([name]) => name in outcomes)))
      expect(Object.keys(outcomes).length).toBeGreaterThan(5)
    })

    test(`${folder}: every chat ends in one end or one classified failure, and none of its text is lost`, async () => {
      server.on('/api/show', jsonReply(200, { capabilities: ['completion'] }))
      const chats = captures(folder).filter((each) => isChat(each, pathFor(folder)))
      for (const capture of chats) {
        const outcome = await play(backendFor(folder), pathFor(folder), capture)
        const summary = summarise(outcome)
        expect(`${capture.name}: ${summary}`).not.toContain('unfinished')
        if (summary.startsWith('end'))
          expect([capture.name, answerText(outcome.events)]).toEqual([capture.name, plainText(capture)])
      }
      expect(chats.length).toBeGreaterThan(10)
    })
  }
})

/** The answer as a naive reading of the whole capture gives it. */
function plainText(capture: Capture): string {
  const text = capture.bytes.toString('utf8').replace(/^data: /gm, '')
  const contents = text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return []
    const record = JSON.parse(line) as {
      message?: { content?: string }
      choices?: { delta?: { content?: string | null }; message?: { content?: string } }[]
    }
    const choice = record.choices?.[0]
    return [record.message?.content ?? choice?.delta?.content ?? choice?.message?.content ?? '']
  })
  return contents.join('')
}
