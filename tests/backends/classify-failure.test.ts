import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classifyFailure, findComplaint } from '../../src/backends/classify-failure.ts'
import type { BackendFailure } from '../../src/domain/backend-error.ts'

/** Bodies as servers send them (Ollama 0.13, llama.cpp, vLLM 0.32, LM Studio as users report it); status 200 = in a stream. */
const BODIES: readonly (readonly [number, unknown, BackendFailure])[] = [
  [400, { error: 'the input length exceeds the context length' }, 'context-overflow'],
  [400, { error: 'the prompt is longer than the context length currently available' }, 'context-overflow'],
  [
    400,
    {
      error: {
        code: 400,
        message: 'request (2530 tokens) exceeds the available context size (2048 tokens), try increasing it',
        type: 'exceed_context_size_error',
        n_ctx: 2048,
      },
    },
    'context-overflow',
  ],
  [
    400,
    {
      error: {
        message: "This model's maximum context length is 4096 tokens. However, your prompt contains at least 4097",
        type: 'BadRequestError',
        code: 400,
      },
    },
    'context-overflow',
  ],
  [
    400,
    { error: 'The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 9>= n_ctx: 4)' },
    'context-overflow',
  ],
  [400, { error: { message: 'Input length (5000) exceeds the limit', type: 'BadRequestError' } }, 'context-overflow'],
  [400, { error: '"half" does not support thinking' }, 'unsupported'],
  [400, { error: 'registry.ollama.ai/library/x does not support tools' }, 'unsupported'],
  [400, { error: 'unexpected EOF' }, 'bad-request'],
  [
    400,
    {
      error: {
        message: 'Conversation roles must alternate user/assistant/user/assistant/...',
        type: 'BadRequestError',
        code: 400,
      },
    },
    'bad-request',
  ],
  [
    500,
    { error: { code: 500, message: 'Only user and assistant roles are supported! at row 1', type: 'server_error' } },
    'bad-request',
  ],
  [
    400,
    { error: { message: '"auto" tool choice requires --enable-auto-tool-choice', type: 'BadRequestError', code: 400 } },
    'bad-request',
  ],
  [401, { error: 'Unauthorized' }, 'auth'],
  [401, { error: { message: 'Invalid API Key', type: 'authentication_error', code: 401 } }, 'auth'],
  [403, { error: 'cloud models are disabled' }, 'remote-refused'],
  [403, {}, 'auth'],
  [404, { error: "model 'nope' not found" }, 'model-not-found'],
  [404, { error: { message: "model 'nope' not found", type: 'api_error' } }, 'model-not-found'],
  [
    404,
    { error: { message: 'The model `nope` does not exist. Valid aliases: half.', type: 'NotFoundError', code: 404 } },
    'model-not-found',
  ],
  [400, { error: { message: 'No such thing', type: 'invalid_request_error', code: 'model_not_found' } }, 'model-not-found'],
  [404, { detail: 'Not Found' }, 'unsupported'],
  [404, { error: { code: 404, message: 'File Not Found', type: 'not_found_error' } }, 'unsupported'],
  [405, { detail: 'Method Not Allowed' }, 'unsupported'],
  [501, { error: { code: 501, message: 'This server does not support embeddings', type: 'not_supported_error' } }, 'unsupported'],
  [422, { detail: [{ msg: 'field required' }] }, 'bad-request'],
  [429, { error: 'too many requests' }, 'queue-full'],
  [499, { error: 'request canceled' }, 'backend-internal'],
  [500, { error: 'model requires more system memory (9.1 GiB) than is available (4.0 GiB)' }, 'out-of-memory'],
  [500, { error: 'llama runner process has terminated: cudaMalloc failed: out of memory' }, 'out-of-memory'],
  [500, { error: 'Model loading was stopped due to insufficient system resources' }, 'out-of-memory'],
  [500, { error: 'unable to load full model on GPU' }, 'load-failed'],
  [500, { error: 'llama runner process has terminated: exit status 2' }, 'backend-crashed'],
  [
    500,
    { error: 'model runner has unexpectedly stopped, this may be due to resource limitations or an internal error' },
    'backend-crashed',
  ],
  [500, { error: 'an error was encountered while running the model: unexpected EOF' }, 'backend-crashed'],
  [
    500,
    { object: 'error', message: 'EngineDeadError: engine core died', type: 'InternalServerError', code: 500 },
    'backend-crashed',
  ],
  [500, { error: 'boom' }, 'backend-internal'],
  [503, { error: 'server busy, please try again.  maximum pending requests exceeded' }, 'queue-full'],
  [503, { error: { message: 'Loading model', type: 'unavailable_error', code: 503 } }, 'load-failed'],
  [503, {}, 'queue-full'],
  [302, {}, 'protocol'],
  [200, { error: 'an error was encountered while running the model: unexpected EOF' }, 'backend-crashed'],
  [200, { error: { message: 'bad template', type: 'invalid_request_error', code: 400 } }, 'bad-request'],
  [200, { error: { message: 'boom', code: 'internal' } }, 'backend-internal'],
]

describe('classifyFailure', () => {
  test.each(BODIES)('status %i with %j is %s', (status, body, failure) => {
    expect(classifyFailure(findComplaint(body, status) ?? { status, text: '' })).toBe(failure)
  })

  test('a record of an answer holds no complaint', () => {
    expect(findComplaint({ choices: [], usage: {} }, 200)).toBe(null)
    expect(findComplaint({ error: null, done: false }, 200)).toBe(null)
    expect(findComplaint({ error: '', done: false }, 200)).toBe(null)
    expect(findComplaint('error', 200)).toBe(null)
  })

  test('any status and text have a word, in time linear in the text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), fc.string(), (status, text) => {
        expect(classifyFailure({ status, text }).length).toBeGreaterThan(0)
      }),
    )
    expect(classifyFailure({ status: 500, text: 'model '.repeat(10_000) })).toBe('backend-internal')
  })
})
