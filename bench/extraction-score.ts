/** Scores `extractCode` on a file of extraction cases; shared by the check and the tests. */
import { type Extraction, type ExtractionHint, extractCode } from '../src/prompts/extract-code.ts'

/** One case: a reply and the files it holds. `code` ends in one line end; for an edit it is the file afterwards. */
export interface ExtractionCase {
  readonly id: string
  readonly note?: string
  readonly hint?: Readonly<Record<string, unknown>>
  readonly existing?: Readonly<Record<string, string>>
  readonly reply: string
  readonly expect: {
    readonly files: readonly { readonly path?: string | null; readonly lang?: string; readonly code: string }[]
    /** Each of these must be among the warnings given. */
    readonly warnings?: readonly string[]
  }
}

const textIn = (hint: Readonly<Record<string, unknown>>, ...keys: readonly string[]): string | undefined =>
  keys.map((key) => hint[key]).find((value): value is string => typeof value === 'string')

/** Returns the hint of a case in the form that `extractCode` takes; snake_case and short names are understood. */
export function hintOf(test: ExtractionCase): ExtractionHint {
  const raw = test.hint ?? {}
  const language = textIn(raw, 'lang', 'language')
  const path = textIn(raw, 'path', 'file')
  const entryPoint = textIn(raw, 'entry_point', 'entryPoint', 'entry')
  const finish = textIn(raw, 'finish', 'finish_reason', 'stop_reason', 'done_reason')
  return {
    ...(language === undefined ? {} : { language }),
    ...(path === undefined ? {} : { path }),
    ...(entryPoint === undefined ? {} : { entryPoint }),
    ...(finish === undefined ? {} : { finish }),
    ...(test.existing === undefined ? {} : { existing: test.existing }),
    prefilledFence: raw['prefilled_fence'] === true || raw['prefilledFence'] === true,
  }
}

/** Returns what a case got wrong, or null: files by path (none expected means none), language where named, code exactly. */
export function missOf(test: ExtractionCase): string | null {
  const got: Extraction = extractCode(test.reply, hintOf(test))
  const wanted = test.expect.files
  const isSame =
    got.files.length === wanted.length &&
    wanted.every((file, index) => {
      const have = got.files[index]
      const isLanguage = file.lang === undefined || have?.language === file.lang
      return have !== undefined && (have.path ?? null) === (file.path ?? null) && isLanguage && have.code === file.code
    })
  const missing = (test.expect.warnings ?? []).filter((warning) => !got.warnings.includes(warning))
  if (isSame && missing.length === 0) return null
  return `${test.id}: ${missing.length > 0 ? `no warning ${missing.join(', ')}; ` : ''}${isSame ? '' : `got ${JSON.stringify(got)}`}`
}
