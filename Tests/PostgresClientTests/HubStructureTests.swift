import PostgresClient
import Testing

/// The queue and the set that the hub keeps its statements and connections in, held against Swift's own.
@Suite struct HubStructureTests {
    /// SplitMix64 (Steele, Lea & Flood 2014).
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// Tells of its end.
    private final class Token {
        let onEnd: () -> Void
        init(onEnd: @escaping () -> Void) { self.onEnd = onEnd }
        deinit { onEnd() }
    }

    @Test func aRingGrowsAcrossItsSeam() {
        for taken in 0...8 {
            var ring = Ring<Int>(capacity: 8)
            for number in 0..<8 { ring.append(number) }
            // The head stands at every place once when the ninth element more makes it grow.
            for number in 0..<taken {
                #expect(ring.popFirst() == number)
                ring.append(8 + number)
            }
            for number in 8 + taken..<40 { ring.append(number) }
            #expect(ring.count == 40 - taken && ring.first == taken)
            for number in taken..<40 { #expect(ring.popFirst() == number) }
            #expect(ring.isEmpty && ring.first == nil && ring.popFirst() == nil)
        }
    }

    @Test func aRingIsAQueue() {
        var numbers = Numbers(state: 1)
        var ring = Ring<String>(capacity: 1)
        var model: [String] = []
        for step in 0..<20_000 {
            // Grows for a while, then shrinks, so that it is empty and full many times.
            let grows = step / 500 % 2 == 0
            if Int.random(in: 0..<10, using: &numbers) < (grows ? 7 : 3) {
                ring.append("element number \(step)")
                model.append("element number \(step)")
            } else {
                let expected = model.isEmpty ? nil : model.removeFirst()
                #expect(ring.popFirst() == expected)
            }
            #expect(ring.count == model.count && ring.first == model.first)
        }
    }

    @Test func aRingLetsGoOfItsElements() {
        var ended = 0
        do {
            var ring = Ring<Token>(capacity: 4)
            for _ in 0..<4 { ring.append(Token { ended += 1 }) }
            _ = ring.popFirst()
            _ = ring.popFirst()
            #expect(ended == 2)
            // Across the seam and through one growth.
            for _ in 0..<5 { ring.append(Token { ended += 1 }) }
            #expect(ended == 2 && ring.count == 7)
        }
        #expect(ended == 9)
    }

    @Test(arguments: [64, 65, 4_096, 5_000]) func aNumberSetIsASet(below limit: Int) {
        var numbers = Numbers(state: UInt64(limit))
        var set = NumberSet()
        var model: Set<Int> = []
        for step in 0..<30_000 {
            let number = Int.random(in: 0..<limit, using: &numbers)
            if Int.random(in: 0..<10, using: &numbers) < (step / 5_000 % 2 == 0 ? 7 : 2) {
                set.insert(number)
                model.insert(number)
            } else {
                set.remove(number)
                model.remove(number)
            }
            #expect(set.count == model.count && set.contains(number) == model.contains(number))
            if step % 100 == 0 { #expect(set.first == model.min()) }
        }
        #expect((0..<limit + 200).allSatisfy { set.contains($0) == model.contains($0) })
        while let first = set.first {
            #expect(first == model.min())
            set.remove(first)
            model.remove(first)
        }
        #expect(model.isEmpty && set.count == 0)
    }

    @Test func aNumberSetKnowsItsEnds() {
        var set = NumberSet()
        #expect(set.first == nil && !set.contains(0) && !set.contains(1 << 20))
        for number in [63, 64, 4_095, 4_096, 1 << 16] {
            set.insert(number)
            set.insert(number)
        }
        #expect(set.count == 5 && set.first == 63)
        set.remove(62)
        set.remove(1 << 30)
        for number in [63, 64, 4_095] { set.remove(number) }
        #expect(set.count == 2 && set.first == 4_096)
        set.removeAll()
        #expect(set.count == 0 && set.first == nil && !set.contains(1 << 16))
        set.insert(0)
        #expect(set.first == 0)
    }
}
