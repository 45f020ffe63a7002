import type { ChatEvent, ChatRequest } from '../../src/ports/backend.ts'
import type { BackendUnderTest, Scene } from '../contracts/backend.contract.ts'
import {
  chunk,
  chunkedHead,
  createFaultServer,
  type FaultServer,
  jsonReply,
  LAST_CHUNK,
  textReply,
  type WireScript,
  type WireStep,
} from './fault-server.ts'

/** How a family of servers writes what a scene says. */
export interface Dialect {
  readonly chatPath: string
  readonly contentType: string
  text(text: string): string
  end(finish: string): string
  complaint(says: string): string
  garbage: string
  error(status: number, says: string): unknown
}

export const OLLAMA_DIALECT: Dialect = {
  chatPath: '/api/chat',
  contentType: 'application/x-ndjson',
  text: (text) => `${JSON.stringify({ model: 'half', message: { role: 'assistant', content: text }, done: false })}\n`,
  end: (finish) =>
    `${JSON.stringify({ model: 'half', message: { role: 'assistant', content: '' }, done: true, done_reason: finish, eval_count: 2 })}\n`,
  complaint: (says) => `${JSON.stringify({ error: says })}\n`,
  garbage: '{"model":"half","message":{"role":"assis\n',
  error: (_, says) => ({ error: says }),
}

export const OPENAI_DIALECT: Dialect = {
  chatPath: '/v1/chat/completions',
  contentType: 'text/event-stream',
  text: (text) => sse({ model: 'half', choices: [{ index: 0, delta: { content: text }, finish_reason: null }] }),
  end: (finish) =>
    sse({ model: 'half', choices: [{ index: 0, delta: {}, finish_reason: finish }] }) +
    sse({ model: 'half', choices: [], usage: { prompt_tokens: 24, completion_tokens: 2, total_tokens: 26 } }) +
    'data: [DONE]\n\n',
  complaint: (says) => `${sse({ error: { message: says, type: 'server_error', code: 500 } })}data: [DONE]\n\n`,
  garbage: 'data: {"choices":[{"delta":{"con\n\n',
  error: (status, says) => ({ error: { message: says, type: 'Error', param: null, code: status } }),
}

export function sse(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

/** Returns the bytes of a scene; bodies go out in pieces of three bytes, so that nothing arrives in one read. */
export function wireScript(dialect: Dialect, scene: Scene): WireScript {
  const opening = (texts: readonly string[]) => [
    { send: chunkedHead(dialect.contentType) },
    ...texts.flatMap((text) => pieces(chunk(dialect.text(text)))),
  ]
  switch (scene.is) {
    case 'answer':
      return [...opening(scene.texts), ...pieces(chunk(dialect.end(scene.finish))), { send: LAST_CHUNK }, { end: true }]
    case 'cut':
      return [...opening(scene.texts), { send: LAST_CHUNK }, { end: true }]
    case 'complaint':
      return [...opening(scene.texts), ...pieces(chunk(dialect.complaint(scene.says))), { send: LAST_CHUNK }, { end: true }]
    case 'garbage':
      return [
        ...opening(scene.texts),
        { send: chunk(dialect.garbage) },
        { send: chunk(dialect.end('stop')) },
        { send: LAST_CHUNK },
        { end: true },
      ]
    case 'dropped':
      return [...opening(scene.texts), { end: true }]
    case 'silent-after':
      return [...opening(scene.texts), { hold: true }]
    case 'silent':
      return [{ hold: true }]
    case 'page':
      return textReply(200, 'text/html', '<!doctype html><title>Router login</title>')
    case 'status':
      return scene.says === ''
        ? textReply(scene.status, 'text/plain', '')
        : jsonReply(scene.status, dialect.error(scene.status, scene.says))
  }
}

function pieces(text: string): WireStep[] {
  const bytes = Buffer.from(text, 'utf8')
  return Array.from({ length: Math.ceil(bytes.length / 3) }, (_, index) => ({ send: bytes.subarray(index * 3, index * 3 + 3) }))
}

/** Returns a backend in front of a fault server that plays each request's scene. */
export async function wireBackend(
  dialect: Dialect,
  set: (server: FaultServer) => Pick<BackendUnderTest, 'backend' | 'model' | 'remoteModel' | 'secret'>,
): Promise<BackendUnderTest> {
  const server = await createFaultServer()
  const scenes = new Map<string, Scene>()
  const keyOf = (messages: unknown) => JSON.stringify(messages)
  server.on(dialect.chatPath, (request) => {
    const { messages } = JSON.parse(request.body) as { messages: unknown }
    const scene = scenes.get(keyOf(messages))
    return scene === undefined ? jsonReply(500, { error: 'no scene' }) : wireScript(dialect, scene)
  })
  const chats = () => server.requests.filter((request) => request.path === dialect.chatPath)
  let isOpen = true
  const set_ = set(server)
  return {
    ...set_,
    play(request: ChatRequest, scene: Scene): AsyncIterable<ChatEvent> {
      scenes.set(keyOf(request.messages), scene)
      return set_.backend.chat(request)
    },
    chatsSeen: () => chats().length,
    chatClosed: async () => chats().at(-1)?.closed,
    async close() {
      if (!isOpen) return
      isOpen = false
      await set_.backend.close()
      await server.close()
    },
  }
}
