/** The project of a user into which the packed packages are installed: one for all tests of a process, because it takes seconds. */
import { fileURLToPath } from 'node:url';
import { createProject } from '@sockless/tools/project';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export const project = createProject(ROOT);
process.once('exit', () => project.remove());
