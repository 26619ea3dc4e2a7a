# O que o bot diz só no X. As publicações não levam @nomes nem links; o X conta até 280.

## Junto a uma pintura. De três maneiras, porque o X recusa publicações repetidas.

x-painted = { $way ->
    [0] Pintada para você. Responda com meu nome e “de novo”, “mais forte” ou um estilo para ter outra; “pare” a retira.
    [1] Aqui está, a tinta acabou de secar. Meu nome e “de novo”, “mais suave” ou um estilo trazem outra; “pare” a retira.
   *[other] Sua pintura. Escreva meu nome e “de novo” para outra, “mais forte” ou “mais suave” para mudar; “pare” a remove.
}
x-alt = Uma versão pintada à mão, no estilo “{ $style }”, da foto desta conversa.

## Nada para pintar; dito no máximo uma vez por dia.

x-no-photo = Não vejo nenhuma foto aqui. Coloque uma na sua publicação ou me chame numa resposta a uma.
x-photo-gone = Não consigo ver a publicação a que você respondeu, então não há foto para pintar.
x-no-still = É um vídeo sem imagem parada. Mostre uma foto, por favor.
x-parent-photos = Pinto fotos para quem as publicou. Publique uma sua, por favor.

## Mensagens diretas.

x-message-help = Envie uma foto aqui e eu a pinto. Depois, “de novo”, “mais forte”, “mais suave” ou o nome de um estilo dá outra; com “pare” eu esqueço você.
x-message-stopped = Pronto: apaguei o que tinha de você e, de agora em diante, deixo suas fotos em paz.
