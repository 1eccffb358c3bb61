/* For WP: from the contracts of pack and unpack of the plain kernel follows that unpacking what was packed gives the codes back, for every
 * number of them. HDQ_KERNEL_SOURCE is the kernel's file. */
#include HDQ_KERNEL_SOURCE

/*@ // Where bit i of code j is.
    logic integer place(integer j, integer i, integer b) = j * b + i;
    lemma splits: \forall integer j, i, b; 1 <= b <= 8 && 0 <= j && 0 <= i < b ==> (j * b + i) / b == j && (j * b + i) % b == i;
    lemma placed: \forall integer j, i, b; 1 <= b <= 8 && 0 <= j && 0 <= i < b ==> place(j, i, b) / b == j && place(j, i, b) % b == i;
    lemma inside: \forall integer j, i, b, n; 1 <= b <= 8 && 0 <= j < n && 0 <= i < b ==> 0 <= place(j, i, b) < place(n, 0, b);
    lemma code_of: \forall integer p, b, n; 1 <= b <= 8 && 0 <= p < place(n, 0, b) ==> 0 <= p / b < n;

    logic integer levels(integer b) = b == 1 ? 2 : b == 2 ? 4 : b == 3 ? 8 : b == 4 ? 16 : b == 5 ? 32 : b == 6 ? 64 : b == 7 ? 128 : 256;
    predicate no_bits(integer x) = !bit(x, 0) && !bit(x, 1) && !bit(x, 2) && !bit(x, 3) && !bit(x, 4) && !bit(x, 5) && !bit(x, 6) && !bit(x, 7);
    predicate same_bits(integer x, integer y) =
      (bit(x, 0) <==> bit(y, 0)) && (bit(x, 1) <==> bit(y, 1)) && (bit(x, 2) <==> bit(y, 2)) && (bit(x, 3) <==> bit(y, 3)) &&
      (bit(x, 4) <==> bit(y, 4)) && (bit(x, 5) <==> bit(y, 5)) && (bit(x, 6) <==> bit(y, 6)) && (bit(x, 7) <==> bit(y, 7));

    // A byte without bits is zero: of any other, the highest bit is what is left after some halvings.
    lemma shifted: \forall integer x, i; 0 <= i ==> (bit(x, i) <==> ((x >> i) & 1) != 0);
    lemma one: \forall integer x, i; 0 <= i && (x >> i) == 1 ==> bit(x, i);
    lemma further: \forall integer x, i; 0 <= i ==> (x >> (i + 1)) == ((x >> i) >> 1);
    lemma half: \forall integer x; 0 <= x ==> (x >> 1) == x / 2;
    lemma none: \forall uint8_t x; !bit(x, 0) && !bit(x, 1) && !bit(x, 2) && !bit(x, 3) && !bit(x, 4) && !bit(x, 5) && !bit(x, 6) &&
                                   !bit(x, 7) ==> x == 0;
    lemma zero: \forall uint8_t x; no_bits(x) ==> x == 0;

    // Bytes of the same bits are the same.
    lemma difference: \forall integer x, y, i; 0 <= i ==> (bit(x ^ y, i) <==> (bit(x, i) ^^ bit(y, i)));
    lemma no_difference: \forall uint8_t x, y; same_bits(x, y) ==> no_bits((uint8_t)(x ^ y));
    lemma byte: \forall uint8_t x, y; (uint8_t)(x ^ y) == (x ^ y);
    lemma zero_difference: \forall uint8_t x, y; no_bits((uint8_t)(x ^ y)) ==> (uint8_t)(x ^ y) == 0;
    lemma back_again: \forall uint8_t x, y; same_bits(x, y) ==> (x ^ (uint8_t)(x ^ y)) == y;
    lemma same: \forall uint8_t x, y; same_bits(x, y) ==> x == y;

    // A byte below 2^b has no bit from b on.
    lemma below: \forall uint8_t x; (x < 2 ==> !bit(x, 1)) && (x < 4 ==> !bit(x, 2)) && (x < 8 ==> !bit(x, 3)) && (x < 16 ==> !bit(x, 4)) &&
                                    (x < 32 ==> !bit(x, 5)) && (x < 64 ==> !bit(x, 6)) && (x < 128 ==> !bit(x, 7));
    predicate ends(integer x, integer b) =
      (b <= 1 ==> !bit(x, 1)) && (b <= 2 ==> !bit(x, 2)) && (b <= 3 ==> !bit(x, 3)) && (b <= 4 ==> !bit(x, 4)) && (b <= 5 ==> !bit(x, 5)) &&
      (b <= 6 ==> !bit(x, 6)) && (b <= 7 ==> !bit(x, 7));
    lemma above: \forall uint8_t x; \forall integer b; 1 <= b <= 8 && x < levels(b) ==> ends(x, b);
*/

/*@ ghost
  /@ requires 1 <= b <= 8 && x < levels(b);
     requires \forall integer i; 0 <= i < b ==> (bit(y, i) <==> bit(x, i));
     requires \forall integer i; b <= i < 8 ==> !bit(y, i);
     assigns \nothing;
     ensures x == y; @/
  static void same_code(uint8_t x, uint8_t y, uint32_t b) {
    /@ assert ends(x, b); @/
    /@ assert bit(x, 0) <==> bit(y, 0); @/
    /@ assert bit(x, 1) <==> bit(y, 1); @/
    /@ assert bit(x, 2) <==> bit(y, 2); @/
    /@ assert bit(x, 3) <==> bit(y, 3); @/
    /@ assert bit(x, 4) <==> bit(y, 4); @/
    /@ assert bit(x, 5) <==> bit(y, 5); @/
    /@ assert bit(x, 6) <==> bit(y, 6); @/
    /@ assert bit(x, 7) <==> bit(y, 7); @/
    /@ assert same_bits(x, y); @/
  }
*/

/*@ requires configured(k, count);
    requires \valid_read(codes + (0 .. count - 1)) && \valid(bytes + (0 .. packed(count, k->bits) - 1)) && \valid(back + (0 .. count - 1));
    requires \separated(bytes + (0 .. packed(count, k->bits) - 1), codes + (0 .. count - 1), back + (0 .. count - 1), k);
    requires \forall integer j; 0 <= j < count ==> codes[j] < levels(k->bits);
    ensures \forall integer j; 0 <= j < count ==> back[j] == \old(codes[j]); */
void round_trip(const config* k, uint64_t count, const uint8_t* codes, uint8_t* bytes, uint8_t* back) {
  pack(k, count, codes, bytes);
Packed:
  unpack(k, count, bytes, back);
  //@ assert \forall integer j; 0 <= j < count ==> codes[j] == \at(codes[j], Packed);
  //@ assert \forall integer j; 0 <= j < count ==> codes[j] == \at(codes[j], Pre);
  //@ assert \forall integer i; 0 <= i < packed(count, k->bits) ==> bytes[i] == \at(bytes[i], Packed);
  //@ assert \forall integer p; 0 <= p < count * k->bits ==> (bit_at{Here}(bytes, p, 8) <==> bit_at{Packed}(bytes, p, 8));
  //@ assert place(count, 0, k->bits) == count * k->bits;
  //@ assert \forall integer p; 0 <= p < place(count, 0, k->bits) ==> 0 <= p / k->bits < count;
  //@ assert \forall integer p; 0 <= p < count * k->bits ==> codes[p / k->bits] == \at(codes[p / k->bits], Packed);
  //@ assert \forall integer p; 0 <= p < count * k->bits ==> (bit_at{Here}(codes, p, k->bits) <==> bit_at{Packed}(codes, p, k->bits));
  //@ assert \forall integer p; 0 <= p < count * k->bits ==> (bit_at(back, p, k->bits) <==> bit_at(codes, p, k->bits));
  //@ assert \forall integer j, i; 0 <= j < count && 0 <= i < k->bits ==> 0 <= place(j, i, k->bits) < place(count, 0, k->bits);
  /*@ assert \forall integer j, i; 0 <= j < count && 0 <= i < k->bits ==>
        place(j, i, k->bits) / k->bits == j && place(j, i, k->bits) % k->bits == i; */
  /*@ assert \forall integer j, i; 0 <= j < count && 0 <= i < k->bits ==>
        (bit_at(back, place(j, i, k->bits), k->bits) <==> bit_at(codes, place(j, i, k->bits), k->bits)); */
  /*@ assert \forall integer j, i; 0 <= j < count && 0 <= i < k->bits ==>
        (bit_at(back, place(j, i, k->bits), k->bits) <==> bit(back[j], i)); */
  /*@ assert \forall integer j, i; 0 <= j < count && 0 <= i < k->bits ==>
        (bit_at(codes, place(j, i, k->bits), k->bits) <==> bit(codes[j], i)); */
  //@ assert \forall integer j, i; 0 <= j < count && 0 <= i < k->bits ==> (bit(back[j], i) <==> bit(codes[j], i));
  //@ assert \forall integer j, i; 0 <= j < count && k->bits <= i < 8 ==> !bit(back[j], i);
  /*@ ghost
    /@ loop invariant 0 <= j <= count;
       loop invariant \forall integer t; 0 <= t < j ==> back[t] == codes[t];
       loop assigns j;
       loop variant count - j; @/
    for (uint64_t j = 0; j < count; ++j) same_code(codes[j], back[j], k->bits);
  */
}
