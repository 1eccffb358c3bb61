(* Zarith's functions of bits, by a name that the extracted modules N and Z do not hide. *)
let number a = Z.of_int (Z.numbits a)
let two = Z.of_int 2
let power a n = let n = Z.to_int n in if Z.equal a two then Z.shift_left Z.one n else Z.pow a n
let root a = if Z.sign a <= 0 then (Z.zero, Z.zero) else Z.sqrt_rem a
let test a n = Z.testbit a (Z.to_int n)
