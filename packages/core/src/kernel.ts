/**
 * The WebAssembly code behind simd.ts, which works on sixteen bytes at a time: masking (RFC 6455 5.3), and validating and decoding
 * UTF-8 (8.1). Its source is kernel.wat; a test compares the two.
 */
import { host, type WebAssemblyHost } from './host.ts';

/** The length of the block in bytes. */
export const KERNEL_SIZE = 16_384;

/** A block of memory, and the functions that work on it. */
export interface Kernel {
  /** The block, of `KERNEL_SIZE` bytes. The caller copies its bytes to the beginning. */
  readonly block: Uint8Array;
  /** Returns a view of the beginning of the block. */
  first(length: number): Uint8Array;
  /**
   * Masks the first `length` bytes with a key whose first byte is the most significant, and returns 0 when the result is
   * all ASCII.
   */
  mask(length: number, key: number): number;
  /** Returns 2 when the first `length` bytes are ASCII, 1 when they are whole code points of UTF-8, otherwise 0. */
  look(length: number): number;
  /** Converts the first `length` bytes, which must be valid UTF-8, to UTF-16. Returns the length of the result in bytes. */
  toUtf16(length: number): number;
  /** The memory to which `toUtf16` writes. */
  readonly utf16: Uint8Array;
}

let loaded: Kernel | undefined;
let tried = false;

/** Returns the kernel, or `undefined` if the host cannot run it. It is loaded when it is first needed. */
export function kernel(): Kernel | undefined {
  if (!tried) {
    tried = true;
    loaded = host.webAssembly && loadKernel(host.webAssembly);
  }
  return loaded;
}

/** Returns a new kernel, or `undefined` if the engine lacks SIMD or forbids compiling. */
export function loadKernel({ Module, Instance }: WebAssemblyHost): Kernel | undefined {
  try {
    const code = Uint8Array.from(CODE.match(/../g) as string[], (byte) => Number.parseInt(byte, 16));
    const { memory, mask, look, toUtf16 } = new Instance(new Module(code)).exports as Exports;
    const block = new Uint8Array(memory.buffer, 2064, KERNEL_SIZE);
    // A payload often has the length of the one before, and can use the same view.
    let last = block;
    const first = (length: number): Uint8Array => {
      if (last.length !== length) last = block.subarray(0, length);
      return last;
    };
    return { block, first, mask, look, toUtf16, utf16: new Uint8Array(memory.buffer, 18_496, 2 * KERNEL_SIZE) };
  } catch {
    return undefined;
  }
}

interface Exports extends Pick<Kernel, 'mask' | 'look' | 'toUtf16'> {
  readonly memory: { readonly buffer: ArrayBuffer };
}

const CODE =
  '0061736d01000000010c0260027f7f017f60017f017f0304030001010503010001072204066d656d6f72790200046d61736b0000046c' +
  '6f6f6b000107746f557466313600020ac40803fc0102027f067b2001fd11fd0c03020100030201000302010003020100fd0e21044190' +
  '10210220004190106a210320032001200041037477fd11fd0c03020100030201000302010003020100fd0efd0b040002400340200241' +
  'c0006a20034b0d0120022002fd0004002004fd512205fd0b040020022002fd0004102004fd512206fd0b041020022002fd0004202004' +
  'fd512207fd0b042020022002fd0004302004fd512208fd0b0430200920052006fd5020072008fd50fd50fd502109200241c0006a2102' +
  '0c000b0b02400340200220034f0d0120022002fd0004002004fd512205fd0b040020092005fd502109200241106a21020c000b0b2009' +
  'fd640ba30202027f047b419010210120004190106a21022002fd0c00000000000000000000000000000000fd0b040003402001fd0004' +
  '002103200141016bfd000400210420062003fd5021062005fd0c0202020202020202808080802101154920044104fd6dfd0efd0ce7a3' +
  '83838bcbcbcbcbcbcbcbcbdbcbcb2004fd0c0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0ffd4efd0efd4efd0c0101010101010101e6aebaba' +
  '0101010120034104fd6dfd0efd4e200141026bfd000400fd0c60606060606060606060606060606060fd73200141036bfd000400fd0c' +
  '70707070707070707070707070707070fd73fd50fd0c80808080808080808080808080808080fd4efd51fd502105200141106a220120' +
  '024d0d000b2005fd53047f41000541022006fd644100476b0b0b9e0402047f017b419010210120004190106a210241c0900121030340' +
  '200120024f0440200341c090016b0f0b20012d0000210420044180014904402001fd00040021052005fd64200141106a20024b720440' +
  '200320043b0100200341026a2103200141016a21010520032005fd8901fd0b040020032005fd8a01fd0b0410200341206a2103200141' +
  '106a21010b0c010b200441e00149044020032004411f7141067420012d0001413f71723b0100200341026a2103200141026a21010c01' +
  '0b200441f0014904402001fd00040021052005fd0cf0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0fd4efd0ce0e0e0e0e0e0e0e0e0e0e0e0e0' +
  'e0e0e0fd23fd6441ff1f7141c904462001410c6a20024d7104402005fd0c020100ff050403ff080706ff0b0a09fffd0e210520032005' +
  '4104fdad01fd0c00f0000000f0000000f0000000f00000fd4e20054102fdad01fd0cc00f0000c00f0000c00f0000c00f0000fd4efd50' +
  '2005fd0c3f0000003f0000003f0000003f000000fd4efd502005fd8601fd5b030000200341086a21032001410c6a21010c020b200320' +
  '04410c7420012d0001413f714106747220012d0002413f71723b0100200341026a2103200141036a21010c010b200441077141127420' +
  '012d0001413f71410c747220012d0002413f7141067420012d0003413f717272210420032004410a7641c0af036a3b01002003200441' +
  'ff07714180b803723b0102200341046a2103200141046a21010c000b000b';
