import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { SuiteReport, TestSuite } from '../../domain/suite.ts'
import type { SuiteJudge } from '../../ports/judge.ts'
import type { Sandbox } from '../../ports/sandbox.ts'
import type { SyntaxParser } from '../../ports/syntax-parser.ts'
import { eraseTypes } from '../session/erase-types.ts'
import { usesJsx } from '../session/find-jsx.ts'
import { exportNames } from './export-names.ts'
import { runSuite } from './runner.ts'

export interface SuiteJudgeParts {
  readonly sandbox: Sandbox
  readonly parser: SyntaxParser
  /** A folder whose `node_modules` may hold vitest; it is shown to a vitest suite, read-only. */
  readonly projectDir: string
}

/** Returns the judge of test files: in the sandbox, through the call proxy where that is possible. */
export function createSuiteJudge({ sandbox, parser, projectDir }: SuiteJudgeParts): SuiteJudge {
  return {
    judge: async (suite, program, signal) => {
      const { framework, language, moduleName, names } = suite
      const nodeModules = join(projectDir, 'node_modules')
      // The call proxy needs no framework; only the program's own process does.
      const hasVitest = framework === 'vitest' && existsSync(join(nodeModules, 'vitest', 'vitest.mjs'))
      const [code, tests] = await Promise.all([toPlain(program, language, parser), toPlain(suite.text, language, parser)])
      if (code.why !== null) return unverified(`the program cannot be run: ${code.why}`)
      if (tests.why !== null) return unverified(`the tests cannot be run: ${tests.why}`)
      const toModule = language === 'python' ? null : exportNames(await parser.parse('javascript', code.text), names)
      return runSuite(sandbox, {
        framework,
        moduleName,
        names,
        tests: tests.text,
        candidate: {
          language: language === 'python' ? 'python' : 'javascript',
          code: code.text,
          entryPoint: names[0] ?? '',
          seed: 0,
        },
        ...(toModule === null ? {} : { toModule }),
        ...(hasVitest ? { nodeModules } : {}),
        ...(signal === undefined ? {} : { signal }),
      })
    },
  }
}

interface Plain {
  readonly text: string
  readonly why: string | null
}

async function toPlain(text: string, language: TestSuite['language'], parser: SyntaxParser): Promise<Plain> {
  if (language === 'javascript' && (await usesJsx('javascript', text, parser)))
    return { text, why: 'JavaScript with JSX cannot be run without a compiler' }
  if (language !== 'typescript') return { text, why: null }
  const erased = await eraseTypes(text, parser)
  if (erased.kind === 'erased') return { text: erased.code, why: null }
  return { text, why: erased.kind === 'failed' ? `it does not parse (${erased.message})` : erased.reason }
}

function unverified(why: string): SuiteReport {
  return { grade: 'unverified', passed: false, tests: [], before: [], reasons: [why], flags: [] }
}
