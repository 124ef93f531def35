import LinuxSystem
import LoadRunner
import Testing
import WakuModel
import Workload

/// What a worker keeps its operations, alarms and completions in.
@Suite struct WorkerStructureTests {
    private func operation(_ number: Int64) -> Operation {
        Operation(
            due: UInt64(number), label: 0, node: 0, number: number, origin: 0, page: 0, candidates: nil, cursor: .zero)
    }

    private func inside(_ book: borrowing TicketBook) -> [Int: Int64] {
        var found: [Int: Int64] = [:]
        book.forEach { ticket, operation in found[ticket] = operation.number }
        return found
    }

    @Test func ticketsAreUsedAgain() {
        var book = TicketBook()
        #expect(book.isEmpty == true)
        // Beyond twice the room it begins with.
        for number in 0..<200 { #expect(book.take(operation(Int64(number))) == number) }
        #expect(inside(book) == Dictionary(uniqueKeysWithValues: (0..<200).map { ($0, Int64($0)) }))
        for ticket in stride(from: 0, to: 200, by: 2) {
            let (operation, isForsaken) = book.giveBack(ticket)
            #expect(operation.number == Int64(ticket) && !isForsaken)
        }
        let reused = Set((200..<300).map { book.take(operation($0)) })
        #expect(reused == Set(stride(from: 0, to: 200, by: 2)))
        #expect(book.take(operation(300)) == 200)
        for ticket in 0...200 { _ = book.giveBack(ticket) }
        #expect(book.isEmpty && inside(book).isEmpty)
    }

    @Test func anAlarmIsForOneUseOfATicket() {
        var book = TicketBook()
        let first = book.take(operation(1))
        let late = book.alarm(first, at: 10)
        #expect(!book.giveBack(first).isForsaken)
        // Ended in time: the alarm means nobody, neither before nor after the number is used again.
        #expect(book.forsake(late) == nil)
        let second = book.take(operation(2))
        #expect(second == first)
        #expect(book.forsake(late) == nil)
        let alarm = book.alarm(second, at: 20)
        #expect(alarm.at == 20 && alarm.ticket == second)
        #expect(book.forsake(alarm)?.number == 2)
        let (operation, isForsaken) = book.giveBack(second)
        #expect(operation.number == 2 && isForsaken)
        // Being forsaken does not stick to the number.
        let third = book.take(self.operation(3))
        #expect(third == first && book.forsake(alarm) == nil)
        #expect(!book.giveBack(third).isForsaken)
    }

    @Test func alarmsRingInOrder() {
        var book = TicketBook()
        var queue = AlarmQueue()
        let ticket = book.take(operation(1))
        // Powers of 11 modulo 1 009 are all numbers from 1 to 1 008, each once, in no order.
        var moment = 1
        for _ in 0..<1_008 {
            moment = moment * 11 % 1_009
            queue.insert(book.alarm(ticket, at: UInt64(moment)))
        }
        for expected in 1...1_008 { #expect(queue.removeFirst().at == UInt64(expected)) }
        #expect(queue.first == nil)
    }

    private func completion(_ number: Int, hashes: [PageCursor] = []) -> Completion {
        Completion(ticket: number, sent: 1, done: 2, waits: Waits(), hashes: hashes)
    }

    @Test func completionsAreTakenInOrder() {
        var queue = CompletionQueue()
        #expect(queue.isEmpty && queue.first == nil)
        var (added, taken) = (0, 0)
        // More and more at once, each time some left inside, so that it grows with a part taken.
        for round in 1...40 {
            for _ in 0..<round * 5 {
                queue.append(completion(added))
                added += 1
            }
            for _ in 0..<round * 4 {
                #expect(queue.first?.pointee.ticket == taken)
                queue.dropFirst()
                taken += 1
            }
        }
        while let first = queue.first {
            #expect(first.pointee.ticket == taken)
            taken += 1
            queue.dropFirst()
        }
        #expect(taken == added && added == 4_100 && queue.isEmpty)
        queue.append(completion(7))
        #expect(queue.first?.pointee.ticket == 7)
    }

    /// What a completion carries lives as long as it is inside, and no longer.
    @Test func completionsAreLetGoOf() {
        var kept = (0..<100).map { MessageHash(words: (UInt64($0), 0, 0, 0)) }
        func changesInPlace() -> Bool {
            let before = kept.withUnsafeBufferPointer { $0.baseAddress }
            kept[0] = kept[1]
            return kept.withUnsafeBufferPointer { $0.baseAddress } == before
        }
        do {
            var queue = CompletionQueue()
            for number in 0..<100 { queue.append(completion(number, hashes: kept)) }
            for _ in 0..<99 { queue.dropFirst() }
            #expect(!changesInPlace())
            queue.append(completion(100, hashes: kept))
            queue.dropFirst()
            queue.append(completion(101, hashes: kept))
            queue.dropFirst()
            queue.dropFirst()
            #expect(changesInPlace())
            queue.append(completion(102, hashes: kept))
        }
        #expect(changesInPlace())
    }
}
