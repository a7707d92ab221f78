//! SHA-256 and SHA-512.  Not here: what passwords make of them (`crypt`).  Source: FIPS 180-4.

/// The round constants of SHA-512; SHA-256 takes the upper halves of the first 64, as both are fractions of the same cube roots.
const ROUNDS: [u64; 80] = [
    0x428a2f98d728ae22,
    0x7137449123ef65cd,
    0xb5c0fbcfec4d3b2f,
    0xe9b5dba58189dbbc,
    0x3956c25bf348b538,
    0x59f111f1b605d019,
    0x923f82a4af194f9b,
    0xab1c5ed5da6d8118,
    0xd807aa98a3030242,
    0x12835b0145706fbe,
    0x243185be4ee4b28c,
    0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f,
    0x80deb1fe3b1696b1,
    0x9bdc06a725c71235,
    0xc19bf174cf692694,
    0xe49b69c19ef14ad2,
    0xefbe4786384f25e3,
    0x0fc19dc68b8cd5b5,
    0x240ca1cc77ac9c65,
    0x2de92c6f592b0275,
    0x4a7484aa6ea6e483,
    0x5cb0a9dcbd41fbd4,
    0x76f988da831153b5,
    0x983e5152ee66dfab,
    0xa831c66d2db43210,
    0xb00327c898fb213f,
    0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2,
    0xd5a79147930aa725,
    0x06ca6351e003826f,
    0x142929670a0e6e70,
    0x27b70a8546d22ffc,
    0x2e1b21385c26c926,
    0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df,
    0x650a73548baf63de,
    0x766a0abb3c77b2a8,
    0x81c2c92e47edaee6,
    0x92722c851482353b,
    0xa2bfe8a14cf10364,
    0xa81a664bbc423001,
    0xc24b8b70d0f89791,
    0xc76c51a30654be30,
    0xd192e819d6ef5218,
    0xd69906245565a910,
    0xf40e35855771202a,
    0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8,
    0x1e376c085141ab53,
    0x2748774cdf8eeb99,
    0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63,
    0x4ed8aa4ae3418acb,
    0x5b9cca4f7763e373,
    0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc,
    0x78a5636f43172f60,
    0x84c87814a1f0ab72,
    0x8cc702081a6439ec,
    0x90befffa23631e28,
    0xa4506cebde82bde9,
    0xbef9a3f7b2c67915,
    0xc67178f2e372532b,
    0xca273eceea26619c,
    0xd186b8c721c0c207,
    0xeada7dd6cde0eb1e,
    0xf57d4f7fee6ed178,
    0x06f067aa72176fba,
    0x0a637dc5a2c898a6,
    0x113f9804bef90dae,
    0x1b710b35131c471b,
    0x28db77f523047d84,
    0x32caab7b40c72493,
    0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6,
    0x597f299cfc657e2a,
    0x5fcb6fab3ad6faec,
    0x6c44198c4a475817,
];

/// The initial state of SHA-512; SHA-256's is its upper halves.
const START: [u64; 8] = [
    0x6a09e667f3bcc908,
    0xbb67ae8584caa73b,
    0x3c6ef372fe94f82b,
    0xa54ff53a5f1d36f1,
    0x510e527fade682d1,
    0x9b05688c2b3e6c1f,
    0x1f83d9abfb41bd6b,
    0x5be0cd19137e2179,
];

/// The text with its padding: a 1 bit, zeros, and the length in bits in the last `tail` bytes.
fn padded(bytes: &[u8], block: usize, tail: usize) -> Vec<u8> {
    let blocks = (bytes.len() + 1 + tail).div_ceil(block);
    let mut data = Vec::with_capacity(blocks * block);
    data.extend_from_slice(bytes);
    data.push(0x80);
    data.resize(blocks * block - 8, 0);
    data.extend((bytes.len() as u64).wrapping_mul(8).to_be_bytes());
    data
}

/// One of the two functions: name, word, its bytes, rounds, how far a constant is shifted, length of padding's count, and the rotations
/// of the four mixing functions (the last of each small one is a shift).
macro_rules! sha2 {
    ($name:ident, $doc:literal, $word:ty, $bytes:literal, $rounds:literal, $shift:literal, $tail:literal, $big0:expr, $big1:expr, $small0:expr, $small1:expr) => {
        #[doc = $doc]
        pub fn $name(bytes: &[u8]) -> [u8; $bytes * 8] {
            let big = |x: $word, r: [u32; 3]| x.rotate_right(r[0]) ^ x.rotate_right(r[1]) ^ x.rotate_right(r[2]);
            let small = |x: $word, r: [u32; 3]| x.rotate_right(r[0]) ^ x.rotate_right(r[1]) ^ (x >> r[2]);
            let mut state = START.map(|h| (h >> $shift) as $word);
            for block in padded(bytes, $bytes * 16, $tail).chunks_exact($bytes * 16) {
                let mut w = [0 as $word; $rounds];
                for (word, part) in w.iter_mut().zip(block.chunks_exact($bytes)) {
                    *word = part.iter().fold(0, |n, b| n << 8 | <$word>::from(*b));
                }
                for i in 16..$rounds {
                    w[i] = small(w[i - 2], $small1).wrapping_add(w[i - 7]).wrapping_add(small(w[i - 15], $small0)).wrapping_add(w[i - 16]);
                }
                let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
                for i in 0..$rounds {
                    let t1 = h
                        .wrapping_add(big(e, $big1))
                        .wrapping_add(e & f ^ !e & g)
                        .wrapping_add((ROUNDS[i] >> $shift) as $word)
                        .wrapping_add(w[i]);
                    let t2 = big(a, $big0).wrapping_add(a & b ^ a & c ^ b & c);
                    (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(t1), c, b, a, t1.wrapping_add(t2));
                }
                for (s, v) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
                    *s = s.wrapping_add(v);
                }
            }
            let mut digest = [0; $bytes * 8];
            for (part, s) in digest.chunks_exact_mut($bytes).zip(state) {
                part.copy_from_slice(&s.to_be_bytes());
            }
            digest
        }
    };
}

sha2!(sha256, "The SHA-256 digest.", u32, 4, 64, 32, 8, [2, 13, 22], [6, 11, 25], [7, 18, 3], [17, 19, 10]);
sha2!(sha512, "The SHA-512 digest.", u64, 8, 80, 0, 16, [28, 34, 39], [14, 18, 41], [1, 8, 7], [19, 61, 6]);

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn digests_of_the_standard() {
        assert_eq!(hex(&sha256(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hex(&sha512(b"abc"))[..32], *"ddaf35a193617abacc417349ae204131");
        let two = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        assert_eq!(hex(&sha256(two)), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        assert_eq!(hex(&sha512(&[b'a'; 200]))[..16], *"4b11459c33f52a22");
    }
}
