/*
 * Reporters of our own for suites that run in the candidate's process. Each writes JSON lines to a file: `{ids}` the tests that were
 * collected (Python), `{id, status, why, suite?}` one a test, and `{end: {total, failed}}` what the framework itself counted. The framework
 * still prints its summary and exits as it does; host code compares the three. Hostile code may write there too: see `suite-reports.ts`.
 */

/** The file a report is in, below `/scratch`. A file, because what the code prints would come between. */
export const REPORT_FILE = '0-report.jsonl'

const PYTHON_TELL = `
import json, os, sys
_file = os.open('/scratch/${REPORT_FILE}', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def _tell(row, write=os.write, dumps=json.dumps):
    data = (dumps(row) + chr(10)).encode()
    while data: data = data[write(_file, data):]
`

/** `python run_suite.py`: unittest with its text runner, and a result that tells what it hears. */
export const UNITTEST_REPORT = `${PYTHON_TELL}
import unittest
def _nameof(test): return test.id().replace('test_suite.', '', 1)
class _Result(unittest.TextTestResult):
    def _row(self, test, status, err=None):
        why = '' if err is None else ('%s: %s' % (err[0].__name__, err[1]))[:400]
        _tell({'id': _nameof(test), 'status': status, 'why': why})
    def addSuccess(self, test): super().addSuccess(test); self._row(test, 'pass')
    def addError(self, test, err): super().addError(test, err); self._row(test, 'fail', err)
    def addFailure(self, test, err): super().addFailure(test, err); self._row(test, 'fail', err)
    def addSkip(self, test, reason): super().addSkip(test, reason); self._row(test, 'skip')
    def addExpectedFailure(self, test, err): super().addExpectedFailure(test, err); self._row(test, 'skip')
    def addUnexpectedSuccess(self, test): super().addUnexpectedSuccess(test); self._row(test, 'fail')
    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None: self._row(subtest, 'fail', err)
# A coroutine or generator that nobody runs has tested nothing.
def _call(self, method):
    if method() is not None: self.fail('the test returned something: was it awaited?')
unittest.TestCase._callTestMethod = _call
def _flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite): yield from _flat(test)
        else: yield test
import test_suite
_tests = unittest.defaultTestLoader.loadTestsFromModule(test_suite)
_tell({'ids': [_nameof(test) for test in _flat(_tests)]})
_found = unittest.TextTestRunner(stream=sys.stderr, verbosity=0, resultclass=_Result).run(_tests)
_failed = len(_found.failures) + len(_found.errors) + len(_found.unexpectedSuccesses)
_tell({'end': {'total': _found.testsRun, 'failed': _failed}})
sys.exit(1 if _failed else 0)
`

/** A plugin for `pytest -p suite_report`. */
export const PYTEST_REPORT = `${PYTHON_TELL}
def _nameof(nodeid): return nodeid.split('::', 1)[-1]
def pytest_collection_finish(session): _tell({'ids': [_nameof(item.nodeid) for item in session.items]})
def pytest_runtest_logreport(report):
    if report.when != 'call' and report.outcome == 'passed': return
    status = 'skip' if hasattr(report, 'wasxfail') or report.outcome == 'skipped' else 'pass' if report.outcome == 'passed' else 'fail'
    lines = [line[4:] for line in str(report.longrepr or '').splitlines() if line.startswith('E   ')]
    _tell({'id': _nameof(report.nodeid), 'status': status, 'why': (lines or [''])[0].strip()[:400]})
def pytest_sessionfinish(session): _tell({'end': {'total': session.testscollected, 'failed': session.testsfailed}})
`

/** A reporter for `node --test-reporter`. A name is told with those of the suites around it. */
export const NODE_REPORT = `
import { appendFileSync } from 'node:fs'
const text = String, stringify = JSON.stringify
const tell = (row) => appendFileSync('/scratch/${REPORT_FILE}', stringify(row) + '\\n')
export { report as default }
async function* report(source) {
  const names = []
  const counts = {}
  for await (const { type, data } of source) {
    if (type === 'test:start') names[data.nesting] = data.name
    if (type === 'test:diagnostic' && data.nesting === 0) {
      const found = /^(tests|fail|cancelled) ([0-9]+)$/.exec(data.message)
      if (found) counts[found[1]] = Number(found[2])
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const error = data.details?.error
    const isSuite = data.details?.type === 'suite'
    if (isSuite && (type === 'test:pass' || error?.failureType === 'subtestsFailed')) continue
    const id = [...names.slice(0, data.nesting), data.name].join(' > ').slice(0, 300)
    const isSkipped = data.skip !== undefined || data.todo !== undefined
    const why = type === 'test:fail' ? text(error?.cause?.message ?? error?.message ?? '').slice(0, 400) : ''
    tell({ id, status: isSkipped ? 'skip' : type === 'test:pass' ? 'pass' : 'fail', why, ...(isSuite ? { suite: true } : {}) })
  }
  tell({ end: { total: counts.tests ?? -1, failed: (counts.fail ?? 0) + (counts.cancelled ?? 0) } })
  yield ''
}
`
