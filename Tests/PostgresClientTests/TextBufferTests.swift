import PostgresClient
import Testing

@Suite struct TextBufferTests {
    @Test(arguments: [0, 7, -7, 1_767_636_000_000_000_000, Int64.max, Int64.min])
    func numbersAreDecimal(_ number: Int64) {
        let buffer = TextBuffer(capacity: 1)
        buffer.append(number)
        #expect(String(decoding: buffer.content, as: UTF8.self) == String(number))
    }

    @Test func growsAndKeepsItsContent() {
        let buffer = TextBuffer(capacity: 2)
        var expected = ""
        for index in 0..<500 {
            buffer.append("piece \(index),")
            expected += "piece \(index),"
        }
        #expect(String(decoding: buffer.content, as: UTF8.self) == expected)
        buffer.clear()
        #expect(buffer.count == 0)
    }
}
