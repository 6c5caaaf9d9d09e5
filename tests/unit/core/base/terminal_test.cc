#include "core/base/terminal.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

namespace cairn {
namespace {

class TerminalTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(pipe(ends_), 0);
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG", "NO_COLOR"}) unsetenv(name);
  }
  void TearDown() override {
    close(ends_[0]);
    close(ends_[1]);
  }
  int ends_[2] = {-1, -1};
};

TEST_F(TerminalTest, PipeIsNoTerminalAndGetsNoColour) {
  const Terminal terminal = DetectTerminal(ends_[1]);
  EXPECT_FALSE(terminal.is_terminal);
  EXPECT_EQ(terminal.Red("x"), "x");
}

TEST_F(TerminalTest, ColourAskedForIsGiven) {
  EXPECT_EQ(DetectTerminal(ends_[1], ColorChoice::kAlways).Red("x"), "\x1b[31mx\x1b[0m");
}

TEST_F(TerminalTest, FirstLocaleVariableThatIsSetDecides) {
  EXPECT_FALSE(DetectTerminal(ends_[1]).unicode);
  setenv("LANG", "de_DE.UTF-8", 1);
  EXPECT_TRUE(DetectTerminal(ends_[1]).unicode);
  setenv("LC_ALL", "C", 1);
  EXPECT_FALSE(DetectTerminal(ends_[1]).unicode);
}

}  // namespace
}  // namespace cairn
