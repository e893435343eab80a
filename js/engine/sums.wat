;; Weighted sums of shifted maps: the one loop in which a network spends its time. js/engine/sums.js says what it computes, in plain
;; JavaScript; this does it for four output maps and eight cells at once. Compiled by `npm run wasm` into js/engine/sums_wasm.js.
(module
  (memory (import "engine" "memory") 1)
  (func (export "sums")
    (param $out i32)      ;; bytes: first cell of the first output map
    (param $step i32)     ;; bytes from one output map to the next
    (param $groups i32)   ;; of four output maps
    (param $cells i32)    ;; of a map, a multiple of 8
    (param $terms i32)
    (param $starts i32)   ;; of the terms: where each one's cells begin, in bytes
    (param $weights i32)  ;; of each group, of each term: four
    (param $biases i32)   ;; of each group: four
    (param $least f32)    ;; 0 for a ReLU, otherwise -infinity
    (local $at i32) (local $end i32) (local $j i32) (local $last i32) (local $w i32) (local $in i32) (local $o i32)
    (local $v v128) (local $u v128) (local $k v128) (local $low v128)
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128)
    (local $b0 v128) (local $b1 v128) (local $b2 v128) (local $b3 v128)
    (local.set $low (f32x4.splat (local.get $least)))
    (local.set $end (i32.shl (local.get $cells) (i32.const 2)))
    (local.set $last (i32.add (local.get $starts) (i32.shl (local.get $terms) (i32.const 2))))
    (block $done
      (loop $group
        (br_if $done (i32.eqz (local.get $groups)))
        (local.set $at (i32.const 0))
        (loop $cell
          (local.set $b0 (local.tee $a0 (v128.load32_splat (local.get $biases))))
          (local.set $b1 (local.tee $a1 (v128.load32_splat offset=4 (local.get $biases))))
          (local.set $b2 (local.tee $a2 (v128.load32_splat offset=8 (local.get $biases))))
          (local.set $b3 (local.tee $a3 (v128.load32_splat offset=12 (local.get $biases))))
          (local.set $j (local.get $starts))
          (local.set $w (local.get $weights))
          (loop $term
            (local.set $in (i32.add (i32.load (local.get $j)) (local.get $at)))
            (local.set $v (v128.load (local.get $in)))
            (local.set $u (v128.load offset=16 (local.get $in)))
            (local.set $k (v128.load32_splat (local.get $w)))
            (local.set $a0 (f32x4.add (local.get $a0) (f32x4.mul (local.get $v) (local.get $k))))
            (local.set $b0 (f32x4.add (local.get $b0) (f32x4.mul (local.get $u) (local.get $k))))
            (local.set $k (v128.load32_splat offset=4 (local.get $w)))
            (local.set $a1 (f32x4.add (local.get $a1) (f32x4.mul (local.get $v) (local.get $k))))
            (local.set $b1 (f32x4.add (local.get $b1) (f32x4.mul (local.get $u) (local.get $k))))
            (local.set $k (v128.load32_splat offset=8 (local.get $w)))
            (local.set $a2 (f32x4.add (local.get $a2) (f32x4.mul (local.get $v) (local.get $k))))
            (local.set $b2 (f32x4.add (local.get $b2) (f32x4.mul (local.get $u) (local.get $k))))
            (local.set $k (v128.load32_splat offset=12 (local.get $w)))
            (local.set $a3 (f32x4.add (local.get $a3) (f32x4.mul (local.get $v) (local.get $k))))
            (local.set $b3 (f32x4.add (local.get $b3) (f32x4.mul (local.get $u) (local.get $k))))
            (local.set $w (i32.add (local.get $w) (i32.const 16)))
            (br_if $term (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 4))) (local.get $last))))
          (local.set $o (i32.add (local.get $out) (local.get $at)))
          (v128.store (local.get $o) (f32x4.max (local.get $a0) (local.get $low)))
          (v128.store offset=16 (local.get $o) (f32x4.max (local.get $b0) (local.get $low)))
          (local.set $o (i32.add (local.get $o) (local.get $step)))
          (v128.store (local.get $o) (f32x4.max (local.get $a1) (local.get $low)))
          (v128.store offset=16 (local.get $o) (f32x4.max (local.get $b1) (local.get $low)))
          (local.set $o (i32.add (local.get $o) (local.get $step)))
          (v128.store (local.get $o) (f32x4.max (local.get $a2) (local.get $low)))
          (v128.store offset=16 (local.get $o) (f32x4.max (local.get $b2) (local.get $low)))
          (local.set $o (i32.add (local.get $o) (local.get $step)))
          (v128.store (local.get $o) (f32x4.max (local.get $a3) (local.get $low)))
          (v128.store offset=16 (local.get $o) (f32x4.max (local.get $b3) (local.get $low)))
          (br_if $cell (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 32))) (local.get $end))))
        (local.set $out (i32.add (local.get $out) (i32.shl (local.get $step) (i32.const 2))))
        (local.set $biases (i32.add (local.get $biases) (i32.const 16)))
        (local.set $weights (i32.add (local.get $weights) (i32.shl (local.get $terms) (i32.const 4))))
        (local.set $groups (i32.sub (local.get $groups) (i32.const 1)))
        (br $group)))))
