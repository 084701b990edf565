/** Writes COMPLIANCE.md. */
import { writeFileSync } from 'node:fs';
import { complianceDocument } from './compliance.ts';

writeFileSync(new URL('../../COMPLIANCE.md', import.meta.url), complianceDocument());
console.log('packages/conformance/COMPLIANCE.md has been written');
