/** A conformance and hardening suite for implementations of RFC 6455 and RFC 7692. */
export {
  type Bytes,
  type Case,
  type Expectation,
  type Extensions,
  familyOf,
  type Item,
  type Part,
  type Role,
  SEVERITIES,
  type Severity,
  type Step,
} from './case.ts';
export { allCases, countFamilies } from './cases/index.ts';
export { asHtml } from './report/html.ts';
export { SENTENCES, type Sentence, sentenceOf } from './report/sentences.ts';
export { asJson, asJunit, asText, summary } from './report/text.ts';
export { chooseCases, type RunOptions, runCase, runCases } from './run/all.ts';
export type { Link, Target } from './run/link.ts';
export { type PlayOptions, playCase } from './run/run.ts';
export { type ClientRun, type ClientRunOptions, runServerCases, serveClientCases, TargetError } from './run/targets.ts';
export { type Finding, type Result, weight } from './run/verdict.ts';
export type { Entry } from './run/wire.ts';
export { type CaseServer, type ServeOptions, serveCases } from './transports/serve.ts';
export { type ServerAddress, SocketLink, serverTarget } from './transports/tcp.ts';
