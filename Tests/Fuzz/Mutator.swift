/// Makes new inputs from old ones: byte and bit flips, splices, repeated and removed pieces, words of a dictionary.
struct Mutator {
    private var random: SplitMix
    private let dictionary: [[UInt8]]
    /// Longer ones find little more and are slow.
    private static let longest = 8192

    init(seed: UInt64, dictionary: [[UInt8]]) {
        random = SplitMix(state: seed)
        self.dictionary = dictionary
    }

    mutating func mutate(one corpus: [[UInt8]]) -> [UInt8] {
        var input = corpus.randomElement(using: &random) ?? []
        for _ in 0..<(1 << Int.random(in: 0...4, using: &random)) { change(&input, corpus) }
        return Array(input.prefix(Self.longest))
    }

    private mutating func change(_ input: inout [UInt8], _ corpus: [[UInt8]]) {
        let place = Int.random(in: 0...input.count, using: &random)
        let length = Int.random(
            in: 0...min(1 << Int.random(in: 0...8, using: &random), input.count - place), using: &random)
        let piece = place..<place + length
        switch Int.random(in: 0..<9, using: &random) {
        case 0 where place < input.count: input[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1 where place < input.count: input[place] = UInt8.random(in: .min ... .max, using: &random)
        case 2: input.insert(Self.marks.randomElement(using: &random) ?? 0, at: place)
        case 3: input.removeSubrange(piece)
        case 4:
            let times = 1 << Int.random(in: 0...5, using: &random)
            guard length * times <= Self.longest else { return }
            input.insert(contentsOf: (0..<times).flatMap { _ in input[piece] }, at: place)
        case 5, 6: input.replaceSubrange(piece, with: dictionary.randomElement(using: &random) ?? [])
        case 7: input.insert(contentsOf: dictionary.randomElement(using: &random) ?? [], at: place)
        default:
            let other = corpus.randomElement(using: &random) ?? []
            let begin = Int.random(in: 0...other.count, using: &random)
            let count = Int.random(in: 0...min(256, other.count - begin), using: &random)
            input.replaceSubrange(piece, with: other[begin..<begin + count])
        }
    }

    /// Bytes that end something somewhere.
    private static let marks: [UInt8] =
        Array("\u{0}\t\n\r \"'#%&()*+,-./0189:;<=>?@[\\]^`{|}~".utf8) + [0x80, 0xC0, 0xE4, 0xFF]
}

/// A small generator of random numbers that begins where it is told (Steele, Lea and Flood's SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
