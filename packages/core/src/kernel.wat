;; Masking (RFC 6455 5.3), and validating UTF-8 (8.1) and converting it to UTF-16, sixteen bytes at a time.
;;
;; Up to 16 KiB are copied in at address 2,064, after zeros, and copied out again if they have changed. UTF-16 is written
;; from address 18,496 on. Both addresses keep away from the beginning of a page, where allocated memory often begins: some
;; processors copy ten times slower when the destination is only a little further in its page than the source.
(module
  (memory (export "memory") 1)

  ;; Masks the first `length` bytes, one or more, with the key, whose first byte is the most significant. Returns 0 when the
  ;; result is all ASCII.
  (func (export "mask") (param $length i32) (param $key i32) (result i32)
    (local $at i32) (local $end i32) (local $keys v128) (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $seen v128)
    (local.set $keys
      (i8x16.swizzle
        (i32x4.splat (local.get $key))
        (v128.const i8x16 3 2 1 0 3 2 1 0 3 2 1 0 3 2 1 0)))
    (local.set $at (i32.const 2064))
    (local.set $end (i32.add (local.get $length) (i32.const 2064)))
    ;; The loops also mask bytes after the end. The next bytes of the key are put there, which become zeros, so that they do
    ;; not affect the result.
    (v128.store
      (local.get $end)
      (i8x16.swizzle
        (i32x4.splat (i32.rotl (local.get $key) (i32.shl (local.get $length) (i32.const 3))))
        (v128.const i8x16 3 2 1 0 3 2 1 0 3 2 1 0 3 2 1 0)))
    (block $rest
      (loop $quads
        (br_if $rest (i32.gt_u (i32.add (local.get $at) (i32.const 64)) (local.get $end)))
        (v128.store (local.get $at)
          (local.tee $a (v128.xor (v128.load (local.get $at)) (local.get $keys))))
        (v128.store offset=16 (local.get $at)
          (local.tee $b (v128.xor (v128.load offset=16 (local.get $at)) (local.get $keys))))
        (v128.store offset=32 (local.get $at)
          (local.tee $c (v128.xor (v128.load offset=32 (local.get $at)) (local.get $keys))))
        (v128.store offset=48 (local.get $at)
          (local.tee $d (v128.xor (v128.load offset=48 (local.get $at)) (local.get $keys))))
        (local.set $seen
          (v128.or
            (local.get $seen)
            (v128.or (v128.or (local.get $a) (local.get $b)) (v128.or (local.get $c) (local.get $d)))))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br $quads)))
    (block $done
      (loop $blocks
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (v128.store (local.get $at) (local.tee $a (v128.xor (v128.load (local.get $at)) (local.get $keys))))
        (local.set $seen (v128.or (local.get $seen) (local.get $a)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $blocks)))
    (i8x16.bitmask (local.get $seen)))

  ;; Returns 2 when the first `length` bytes are ASCII, 1 when they are whole code points of UTF-8, otherwise 0.
  ;;
  ;; The algorithm is that of J. Keiser and D. Lemire, "Validating UTF-8 in less than one instruction per byte" (2021). Each
  ;; of three tables, indexed by half a byte, returns a set of possible errors. An error is real if all three contain it.
  (func (export "look") (param $length i32) (result i32)
    (local $at i32) (local $end i32) (local $block v128) (local $before v128) (local $error v128) (local $seen v128)
    (local.set $at (i32.const 2064))
    (local.set $end (i32.add (local.get $length) (i32.const 2064)))
    ;; The zeros after the end make an incomplete code point invalid.
    (v128.store (local.get $end) (v128.const i32x4 0 0 0 0))
    (loop $blocks
      (local.set $block (v128.load (local.get $at)))
      (local.set $before (v128.load (i32.sub (local.get $at) (i32.const 1))))
      (local.set $seen (v128.or (local.get $seen) (local.get $block)))
      (local.set $error
        (v128.or
          (local.get $error)
          (v128.xor
            (v128.and
              (v128.and
                (i8x16.swizzle
                  (v128.const i8x16 0x02 0x02 0x02 0x02 0x02 0x02 0x02 0x02 0x80 0x80 0x80 0x80 0x21 0x01 0x15 0x49)
                  (i8x16.shr_u (local.get $before) (i32.const 4)))
                (i8x16.swizzle
                  (v128.const i8x16 0xe7 0xa3 0x83 0x83 0x8b 0xcb 0xcb 0xcb 0xcb 0xcb 0xcb 0xcb 0xcb 0xdb 0xcb 0xcb)
                  (v128.and (local.get $before) (v128.const i32x4 0x0f0f0f0f 0x0f0f0f0f 0x0f0f0f0f 0x0f0f0f0f))))
              (i8x16.swizzle
                (v128.const i8x16 0x01 0x01 0x01 0x01 0x01 0x01 0x01 0x01 0xe6 0xae 0xba 0xba 0x01 0x01 0x01 0x01)
                (i8x16.shr_u (local.get $block) (i32.const 4))))
            ;; The third byte of a code point of three or four, and the fourth of four, must be continuation bytes.
            (v128.and
              (v128.or
                (i8x16.sub_sat_u
                  (v128.load (i32.sub (local.get $at) (i32.const 2)))
                  (v128.const i32x4 0x60606060 0x60606060 0x60606060 0x60606060))
                (i8x16.sub_sat_u
                  (v128.load (i32.sub (local.get $at) (i32.const 3)))
                  (v128.const i32x4 0x70707070 0x70707070 0x70707070 0x70707070)))
              (v128.const i32x4 0x80808080 0x80808080 0x80808080 0x80808080)))))
      (br_if $blocks (i32.le_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (if (result i32) (v128.any_true (local.get $error))
      (then (i32.const 0))
      (else (i32.sub (i32.const 2) (i32.ne (i8x16.bitmask (local.get $seen)) (i32.const 0))))))

  ;; Converts the first `length` bytes, which must be valid UTF-8, to UTF-16. Returns the length of the result in bytes.
  (func (export "toUtf16") (param $length i32) (result i32)
    (local $at i32) (local $end i32) (local $to i32) (local $byte i32) (local $block v128)
    (local.set $at (i32.const 2064))
    (local.set $end (i32.add (local.get $length) (i32.const 2064)))
    (local.set $to (i32.const 18496))
    (loop $next
      (if (i32.ge_u (local.get $at) (local.get $end))
        (then (return (i32.sub (local.get $to) (i32.const 18496)))))
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.lt_u (local.get $byte) (i32.const 0x80))
        (then
          (local.set $block (v128.load (local.get $at)))
          (if (i32.or
                (i8x16.bitmask (local.get $block))
                (i32.gt_u (i32.add (local.get $at) (i32.const 16)) (local.get $end)))
            (then
              (i32.store16 (local.get $to) (local.get $byte))
              (local.set $to (i32.add (local.get $to) (i32.const 2)))
              (local.set $at (i32.add (local.get $at) (i32.const 1))))
            (else
              (v128.store (local.get $to) (i16x8.extend_low_i8x16_u (local.get $block)))
              (v128.store offset=16 (local.get $to) (i16x8.extend_high_i8x16_u (local.get $block)))
              (local.set $to (i32.add (local.get $to) (i32.const 32)))
              (local.set $at (i32.add (local.get $at) (i32.const 16)))))
          (br $next)))
      (if (i32.lt_u (local.get $byte) (i32.const 0xe0))
        (then
          (i32.store16
            (local.get $to)
            (i32.or
              (i32.shl (i32.and (local.get $byte) (i32.const 0x1f)) (i32.const 6))
              (i32.and (i32.load8_u offset=1 (local.get $at)) (i32.const 0x3f))))
          (local.set $to (i32.add (local.get $to) (i32.const 2)))
          (local.set $at (i32.add (local.get $at) (i32.const 2)))
          (br $next)))
      (if (i32.lt_u (local.get $byte) (i32.const 0xf0))
        (then
          ;; Most often the next three code points have three bytes too.
          (local.set $block (v128.load (local.get $at)))
          (if (i32.and
                (i32.eq
                  (i32.and
                    (i8x16.bitmask
                      (i8x16.eq
                        (v128.and (local.get $block) (v128.const i32x4 0xf0f0f0f0 0xf0f0f0f0 0xf0f0f0f0 0xf0f0f0f0))
                        (v128.const i32x4 0xe0e0e0e0 0xe0e0e0e0 0xe0e0e0e0 0xe0e0e0e0)))
                    (i32.const 0xfff))
                  (i32.const 0x249))
                (i32.le_u (i32.add (local.get $at) (i32.const 12)) (local.get $end)))
            (then
              ;; Each of the four code points is 1110aaaa 10bbbbbb 10cccccc.
              (local.set $block
                (i8x16.swizzle
                  (local.get $block)
                  (v128.const i8x16 2 1 0 -1 5 4 3 -1 8 7 6 -1 11 10 9 -1)))
              (v128.store64_lane 0
                (local.get $to)
                (i16x8.narrow_i32x4_u
                  (v128.or
                    (v128.or
                      (v128.and
                        (i32x4.shr_u (local.get $block) (i32.const 4))
                        (v128.const i32x4 0xf000 0xf000 0xf000 0xf000))
                      (v128.and
                        (i32x4.shr_u (local.get $block) (i32.const 2))
                        (v128.const i32x4 0xfc0 0xfc0 0xfc0 0xfc0)))
                    (v128.and (local.get $block) (v128.const i32x4 0x3f 0x3f 0x3f 0x3f)))
                  (local.get $block)))
              (local.set $to (i32.add (local.get $to) (i32.const 8)))
              (local.set $at (i32.add (local.get $at) (i32.const 12)))
              (br $next)))
          (i32.store16
            (local.get $to)
            (i32.or
              (i32.or
                (i32.shl (local.get $byte) (i32.const 12))
                (i32.shl (i32.and (i32.load8_u offset=1 (local.get $at)) (i32.const 0x3f)) (i32.const 6)))
              (i32.and (i32.load8_u offset=2 (local.get $at)) (i32.const 0x3f))))
          (local.set $to (i32.add (local.get $to) (i32.const 2)))
          (local.set $at (i32.add (local.get $at) (i32.const 3)))
          (br $next)))
      ;; A surrogate pair: 0xd7c0 is 0xd800 less 0x10000 >> 10.
      (local.set $byte
        (i32.or
          (i32.or
            (i32.shl (i32.and (local.get $byte) (i32.const 0x07)) (i32.const 18))
            (i32.shl (i32.and (i32.load8_u offset=1 (local.get $at)) (i32.const 0x3f)) (i32.const 12)))
          (i32.or
            (i32.shl (i32.and (i32.load8_u offset=2 (local.get $at)) (i32.const 0x3f)) (i32.const 6))
            (i32.and (i32.load8_u offset=3 (local.get $at)) (i32.const 0x3f)))))
      (i32.store16 (local.get $to) (i32.add (i32.shr_u (local.get $byte) (i32.const 10)) (i32.const 0xd7c0)))
      (i32.store16 offset=2
        (local.get $to)
        (i32.or (i32.and (local.get $byte) (i32.const 0x3ff)) (i32.const 0xdc00)))
      (local.set $to (i32.add (local.get $to) (i32.const 4)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $next))
    (unreachable)))
